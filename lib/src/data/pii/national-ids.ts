import { isDate, luhnChecks, mod1110Checks, verhoeffChecks, weightedSum } from "./checksums.js";
import { whole, type Span } from "./kinds.js";

/** US social security numbers by the rules of the SSA: no area 000, 666 or 9xx, no group 00, no serial 0000. They have no check digit. */
export function* socialSecurityNumbers(text: string): Generator<Span> {
  for (const match of text.matchAll(/(?<![\w.#/-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w/-]|\.\d)/g)) {
    const before = text.slice(Math.max(0, match.index - 40), match.index);
    if (match[1] === "-" || /\b(?:ssn|social security)\b/i.test(before)) yield whole(match);
  }
}

/** One country's number: what it looks like, its check, and the words it needs before it where the check alone says too little. */
interface NationalId {
  shape: RegExp;
  valid: (id: string) => boolean;
  /** Without it, a number of this shape that passes the check is one, wherever it stands. */
  words?: RegExp;
}

const DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE";
const HETU_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY";
const CODICE_ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

function codiceFiscaleChecks(id: string): boolean {
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const value = /\d/.test(id[i] ?? "") ? Number(id[i]) : id.charCodeAt(i) - 65;
    sum += i % 2 === 0 ? (CODICE_ODD[value] as number) : value;
  }
  return id.charCodeAt(15) - 65 === sum % 26;
}

function cpfChecks(id: string): boolean {
  if (/^(\d)\1*$/.test(id)) return false;
  const digit = (count: number): number => {
    const rest = weightedSum(id, Array.from({ length: count }, (_, i) => count + 1 - i)) * 10 % 11;
    return rest === 10 ? 0 : rest;
  };
  return digit(9) === Number(id[9]) && digit(10) === Number(id[10]);
}

/** Ten digits of which one stands two or three times and the others at most once (rules since 2016), and a check digit. */
function steuerIdChecks(id: string): boolean {
  const counts = [..."0123456789"].map((digit) => id.slice(0, 10).split(digit).length - 1).filter((count) => count > 1);
  return counts.length === 1 && (counts[0] as number) <= 3 && id[0] !== "0" && mod1110Checks(id);
}

const part = (id: string, from: number, length: number): number => Number(id.slice(from, from + length));

/**
 * Numbers with check digits. Where the check passes one number in ten or eleven and the shape is a plain row of digits,
 * the number's name must stand before it. Countries whose numbers cannot be checked (the Pakistani CNIC, the British
 * National Insurance number and others) are not looked for.
 */
const NATIONAL_IDS: readonly NationalId[] = [
  { // Spain: DNI and NIE, remainder by 23 (Ministerio del Interior).
    shape: /(?<![\w.-])(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z](?![\w-])/gi,
    valid: (id) => DNI_LETTERS[Number(id.slice(0, -1).replace(/^[XYZ]/, (letter) => String("XYZ".indexOf(letter)))) % 23] === id.at(-1),
  },
  { // Italy: codice fiscale, with the letters that stand for digits where two people would share one.
    shape: /(?<![\w-])[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z](?![\w-])/gi,
    valid: codiceFiscaleChecks,
  },
  { // France: NIR with its key, remainder by 97; 2A and 2B are Corsica.
    shape: /(?<![\w.-])[12][ ]?\d\d[ ]?(?:0[1-9]|1[0-2]|[2-9]\d)[ ]?(?:\d\d|2[AB])[ ]?\d{3}[ ]?\d{3}[ ]?\d\d(?![\w-])/gi,
    valid: (id) => 97 - Number(BigInt(id.slice(0, 13).replace("2A", "19").replace("2B", "18")) % 97n) === part(id, 13, 2),
  },
  { // Brazil: CPF in its written form.
    shape: /(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])/g,
    valid: cpfChecks,
  },
  { // Brazil: CPF without points.
    shape: /(?<![\w.-])\d{11}(?![\w-])/g, words: /\bcpf\b/i, valid: cpfChecks,
  },
  { // China: GB 11643-1999, a date and ISO 7064 MOD 11-2.
    shape: /(?<!\w)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])[0-3]\d{4}[\dX](?![\w-])/gi,
    valid: (id) => isDate(part(id, 6, 4), part(id, 10, 2), part(id, 12, 2)) && "10X98765432"[weightedSum(id, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] === id[17],
  },
  { // Finland: henkilötunnus, a date and remainder by 31.
    shape: /(?<![\w-])[0-3]\d[01]\d{3}[-+A-FYXWVU]\d{3}[0-9A-FHJ-NPR-Y](?![\w-])/g,
    valid: (id) => isDate(2000, part(id, 2, 2), part(id, 0, 2)) && HETU_LETTERS[Number(id.slice(0, 6) + id.slice(-4, -1)) % 31] === id.at(-1),
  },
  { // Germany: Steueridentifikationsnummer.
    shape: /(?<![\w.-])\d{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}(?![\w-])/g,
    words: /steuer-?\s?(?:id|identifikation)|\bidnr\b|\btin\b|\btax id/i, valid: steuerIdChecks,
  },
  { // United Kingdom: NHS number, MOD 11.
    shape: /(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])/g, words: /\bnhs\b/i,
    valid: (id) => (11 - (weightedSum(id, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(id[9]),
  },
  { // Poland: PESEL; the month tells the century.
    shape: /(?<![\w.-])\d{11}(?![\w-])/g, words: /\bpesel\b/i,
    valid: (id) => isDate(2000, part(id, 2, 2) % 20, part(id, 4, 2)) && (10 - (weightedSum(id, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(id[10]),
  },
  { // Netherlands: burgerservicenummer, the eleven test.
    shape: /(?<![\w.-])\d{9}(?![\w-])/g, words: /\bbsn\b|burgerservice|sofinummer/i,
    valid: (id) => weightedSum(id, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  },
  { // Sweden: personnummer, a date and Luhn over ten digits.
    shape: /(?<![\w.-])(?:19|20)?\d{6}[-+]?\d{4}(?![\w-])/g, words: /personnummer|\bpersonal (?:identity )?number\b/i,
    valid: (id) => isDate(2000, part(id.slice(-10), 2, 2), part(id.slice(-10), 4, 2)) && luhnChecks(id.slice(-10)),
  },
  { // Canada: Social Insurance Number, Luhn.
    shape: /(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\w-])/g, words: /\bSIN\b|social insurance|assurance sociale|\bNAS\b/, valid: luhnChecks,
  },
  { // India: Aadhaar, Verhoeff.
    shape: /(?<![\w.-])[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}(?![\w-])/g, words: /aadha?ar|आधार/i, valid: verhoeffChecks,
  },
];

/** How far before a number its name may stand. */
const WORDS_WITHIN = 48;

/** National identity, tax and insurance numbers that carry a check digit. */
export function* nationalIds(text: string): Generator<Span> {
  if (!/\d{2}/.test(text)) return;
  for (const { shape, valid, words } of NATIONAL_IDS) {
    if (words && !words.test(text)) continue;
    for (const match of text.matchAll(shape)) {
      if (words && !words.test(text.slice(Math.max(0, match.index - WORDS_WITHIN), match.index))) continue;
      if (valid(match[0].replace(/[ .]|-(?!\d{3}[0-9A-Z]$)|-(?=\d{4}$)/gi, "").toUpperCase())) yield whole(match);
    }
  }
}
