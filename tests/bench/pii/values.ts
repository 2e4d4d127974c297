/**
 * Values for the labelled sentences of `datasets/pii-labels`. None belongs to anybody by intention: addresses of
 * documentation networks and domains (RFC 2606, 3849, 5737), phone numbers that regulators set aside for fiction, test
 * cards of payment providers, examples of the IBAN registry, random secrets. Check digits are computed here, apart from
 * the detectors' own code, so that one mistake does not hide the other.
 */
import type { PiiKind } from "llmops/data";
import { random } from "../mixed-rows.ts";

export class Dice {
  readonly #next: () => number;
  readonly #half: 0 | 1;
  constructor(seed: number, half: 0 | 1 = 0) {
    this.#next = random(seed);
    this.#half = half;
  }
  /** One of the words of this half: names and streets of the held-out half do not occur in the other. */
  own<T>(list: readonly T[]): T {
    return this.pick(list.filter((_, i) => i % 2 === this.#half));
  }
  integer(from: number, to: number): number {
    return from + Math.floor(this.#next() * (to - from + 1));
  }
  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)] as T;
  }
  digits(count: number): string {
    return this.from("0123456789", count);
  }
  from(alphabet: string, count: number): string {
    return Array.from({ length: count }, () => alphabet.charAt(this.integer(0, alphabet.length - 1))).join("");
  }
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const ALNUM = `${UPPER}${LOWER}0123456789`;
const BASE64URL = `${ALNUM}_-`;
const HEX = "0123456789abcdef";

/** A value, and what variety of its kind it is. */
export interface Value {
  text: string;
  variety: string;
}
type Maker = (dice: Dice) => string;

const GIVEN: Record<string, readonly string[]> = {
  en: ["Oliver", "Amelia", "Tariq", "Grace", "Ngozi", "Liam", "Sunita", "Wei", "Megan", "Kofi"],
  de: ["Jürgen", "Anneliese", "Uwe", "Katharina", "Matthias", "Ayşe", "Björn", "Friederike"],
  fr: ["Élodie", "Benoît", "Chantal", "Jérôme", "Aminata", "Luc", "Océane"],
  es: ["Íñigo", "Lucía", "Begoña", "Joaquín", "Marisol", "Andrés", "Noelia"],
};
const FAMILY: Record<string, readonly string[]> = {
  en: ["Whitfield", "O'Brien", "Adeyemi", "MacGregor", "Patel", "Huang", "Ashworth", "Okonkwo", "Smith-Jones"],
  de: ["Müller", "Schäfer", "Öztürk", "von Hagen", "Krüger", "Weiß", "Hofmann-Lenz"],
  fr: ["Lefèvre", "Dubois", "N'Diaye", "de La Tour", "Gauthier", "Périer"],
  es: ["García", "Muñoz", "Ibáñez", "de la Fuente", "Etxeberria", "Peña"],
};
const fullName = (lang: string): Maker => (d) => `${d.own(GIVEN[lang] ?? [])} ${d.own(FAMILY[lang] ?? [])}`;
const familyName = (lang: string): Maker => (d) => d.own(FAMILY[lang] ?? []);

const mail: Maker = (d) => {
  const given = d.pick(["oliver", "amelia", "tariq", "grace", "ngozi", "wei", "lucia", "uwe"]);
  const family = d.pick(["whitfield", "adeyemi", "patel", "huang", "mueller", "dubois", "garcia"]);
  const local = d.pick([`${given}.${family}`, `${given}_${family}${d.integer(1, 99)}`, `${given.charAt(0)}${family}`, `${given}+todo`, `${family}-${given}`, given, `${given}.${family}.${d.integer(70, 99)}`]);
  return `${local}@${d.pick(["example.com", "mail.example.org", "example.net", "post.example.de", "uni.example.ac.uk", "corp.test", "bücher.example"])}`;
};

const PHONES: Record<string, Maker> = {
  // 555-0100 to 0199 in any area: fiction (NANPA). UK 07700 900, 020 7946 0, 0161 496 0: drama (Ofcom). Germany: Bundesnetzagentur's
  // numbers for media. France: ARCEP 01 99 00, 06 39 98. Sweden: PTS. Australia: ACMA. Ireland: ComReg 020 91.
  us: (d) => {
    const area = d.pick(["212", "415", "808", "617", "503"]);
    const last = `01${d.digits(2)}`;
    return d.pick([`(${area}) 555-${last}`, `${area}-555-${last}`, `${area}.555.${last}`, `+1 ${area} 555 ${last}`, `+1-${area}-555-${last}`, `1-${area}-555-${last}`, `+1${area}555${last}`, `${area} 555 ${last}`]);
  },
  gb: (d) => d.pick([`+44 7700 900${d.digits(3)}`, `+447700900${d.digits(3)}`, `+44 20 7946 0${d.digits(3)}`, `+44 (0)20 7946 0${d.digits(3)}`, `0044 161 496 0${d.digits(3)}`, `07700 900${d.digits(3)}`, `020 7946 0${d.digits(3)}`, `(020) 7946 0${d.digits(3)}`]),
  de: (d) => d.pick([`+49 30 23125 ${d.digits(3)}`, `+49 (0)30 23125${d.digits(3)}`, `+49 171 39200${d.digits(2)}`, `0049 69 90009${d.digits(3)}`, `030 23125 ${d.digits(3)}`, `0171-39200${d.digits(2)}`, `0171/39200${d.digits(2)}`, `+49-89-99998-${d.digits(3)}`]),
  fr: (d) => {
    const two = (): string => d.digits(2);
    return d.pick([`+33 1 99 00 ${two()} ${two()}`, `+33 6 39 98 ${two()} ${two()}`, `+3363998${two()}${two()}`, `06 39 98 ${two()} ${two()}`, `01.99.00.${two()}.${two()}`, `+33 (0)1 99 00 ${two()} ${two()}`, `0033 6 39 98 ${two()} ${two()}`]);
  },
  es: (d) => d.pick([`+34 600 000 ${d.digits(3)}`, `+34 600 00 0${d.digits(1)} ${d.digits(2)}`, `+34600000${d.digits(3)}`]),
  other: (d) => d.pick([`+46 70 174 06 ${d.digits(2)}`, `+61 491 570 ${d.digits(3)}`, `+61 2 5550 ${d.digits(4)}`, `+353 20 910 ${d.digits(4)}`]),
};

const ipv6: Maker = (d) => {
  const group = (): string => d.from(HEX, 4).replace(/^0+(?=.)/, "");
  return d.pick([`2001:db8::${group()}:${d.digits(2)}`, `2001:db8:${group()}:${group()}::1${d.digits(1)}`, `2001:0db8:85a3:${d.from(HEX, 4)}:0000:8a2e:0370:7334`, `fd12:3456:789a::${group()}${d.digits(1)}`.slice(0, 39), `fe80::${group()}:${group()}:1${d.digits(1)}`]);
};
const IPS: Record<string, Maker> = {
  v4: (d) => d.pick([`192.0.2.${d.integer(1, 254)}`, `198.51.100.${d.integer(1, 254)}`, `203.0.113.${d.integer(1, 254)}`, `10.${d.integer(0, 255)}.${d.integer(0, 255)}.${d.integer(1, 254)}`, `172.16.${d.integer(0, 255)}.${d.integer(1, 254)}`, `192.168.${d.integer(0, 255)}.${d.integer(1, 254)}`]),
  v6: ipv6,
};

/** Test numbers that Stripe, Adyen and PayPal publish in their documentation. */
const TEST_CARDS = [
  "4242424242424242", "4000056655665556", "5555555555554444", "2223003122003222", "5200828282828210", "5105105105105100", "378282246310005", "371449635398431",
  "6011111111111117", "6011000990139424", "3056930009020004", "36227206271667", "6555900000604105", "3566002020360505", "6200000000000005", "4988438843884305", "2222400070000005",
];
const card: Maker = (d) => {
  const number = d.pick(TEST_CARDS);
  const parts = number.length === 15 ? [number.slice(0, 4), number.slice(4, 10), number.slice(10)] : (number.match(/.{1,4}/g) ?? []);
  return d.pick([number, parts.join(" "), parts.join("-")]);
};

/** Examples of the SWIFT IBAN registry. */
const IBAN_EXAMPLES = [
  "AT611904300234573201", "BE68539007547034", "CH9300762011623852957", "CZ6508000000192000145399", "DE89370400440532013000", "DK5000400440116243", "ES9121000418450200051332",
  "FI2112345600000785", "FR1420041010050500013M02606", "GB29NWBK60161331926819", "GR1601101250000000012300695", "IE29AIBK93115212345678", "IT60X0542811101000000123456",
  "LU280019400644750000", "NL91ABNA0417164300", "NO9386011117947", "PL61109010140000071219812874", "PT50000201231234567890154", "SE4550000000058398257466", "PK36SCBL0000001123456702",
  "SA0380000000608010167519", "AE070331234567890123456", "TR330006100519786457841326", "MT84MALT011000012345MTLCAST001S",
];
const iban: Maker = (d) => {
  const text = d.pick(IBAN_EXAMPLES);
  return d.pick([text, (text.match(/.{1,4}/g) ?? []).join(" ")]);
};

const ssn: Maker = (d) => {
  let area = d.integer(1, 772);
  if (area === 666) area = 667;
  return [String(area).padStart(3, "0"), String(d.integer(1, 99)).padStart(2, "0"), String(d.integer(1, 9999)).padStart(4, "0")].join("-");
};

const weighted = (digits: string, weights: readonly number[]): number => weights.reduce((sum, weight, i) => sum + weight * Number(digits[i]), 0);
const date = (d: Dice): [yy: string, mm: string, dd: string] => [String(d.integer(55, 99)), String(d.integer(1, 12)).padStart(2, "0"), String(d.integer(1, 28)).padStart(2, "0")];

const NATIONAL_IDS: Record<string, Maker> = {
  "es-dni": (d) => {
    const digits = d.digits(8);
    return `${digits}${d.pick(["", "-"])}${"TRWAGMYFPDXBNJZSQVHLCKE".charAt(Number(digits) % 23)}`;
  },
  "es-nie": (d) => {
    const first = d.integer(0, 2);
    const digits = d.digits(7);
    return `${"XYZ".charAt(first)}${digits}${"TRWAGMYFPDXBNJZSQVHLCKE".charAt(Number(`${first}${digits}`) % 23)}`;
  },
  "it-cf": (d) => {
    const body = `${d.from("BCDFGLMNPRST", 6)}${d.digits(2)}${d.pick([..."ABCDEHLMPRST"])}${String(d.integer(1, 28)).padStart(2, "0")}${d.pick(["H501", "F205", "L219"])}`;
    const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    const sum = [...body].reduce((total, character, i) => {
      const value = /\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65;
      return total + (i % 2 === 0 ? (odd[value] as number) : value);
    }, 0);
    return body + UPPER.charAt(sum % 26);
  },
  "fr-nir": (d) => {
    const [yy, mm] = date(d);
    const body = `${d.integer(1, 2)}${yy}${mm}${d.pick(["75", "13", "69", "33"])}${d.digits(3)}${d.digits(3)}`;
    const key = String(97 - Number(BigInt(body) % 97n)).padStart(2, "0");
    return d.pick([`${body}${key}`, `${body.slice(0, 1)} ${body.slice(1, 3)} ${body.slice(3, 5)} ${body.slice(5, 7)} ${body.slice(7, 10)} ${body.slice(10)} ${key}`]);
  },
  "br-cpf": (d) => {
    const nine = d.digits(9);
    const check = (digits: string): number => {
      const rest = (weighted(digits, Array.from(digits, (_, i) => digits.length + 1 - i)) * 10) % 11;
      return rest === 10 ? 0 : rest;
    };
    const ten = `${nine}${check(nine)}`;
    const all = `${ten}${check(ten)}`;
    return `${all.slice(0, 3)}.${all.slice(3, 6)}.${all.slice(6, 9)}-${all.slice(9)}`;
  },
  "cn-id": (d) => {
    const [yy, mm, dd] = date(d);
    const body = `110105${`19${yy}`}${mm}${dd}${d.digits(3)}`;
    return body + "10X98765432".charAt(weighted(body, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11);
  },
  "fi-hetu": (d) => {
    const [yy, mm, dd] = date(d);
    const serial = String(d.integer(2, 899)).padStart(3, "0");
    return `${dd}${mm}${yy}-${serial}${"0123456789ABCDEFHJKLMNPRSTUVWXY".charAt(Number(`${dd}${mm}${yy}${serial}`) % 31)}`;
  },
  "pl-pesel": (d) => {
    const [yy, mm, dd] = date(d);
    const body = `${yy}${mm}${dd}${d.digits(4)}`;
    return `${body}${(10 - (weighted(body, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10}`;
  },
  "gb-nhs": (d) => {
    for (;;) {
      const nine = `9${d.digits(8)}`;
      const check = (11 - (weighted(nine, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
      if (check < 10) return d.pick([`${nine}${check}`, `${nine.slice(0, 3)} ${nine.slice(3, 6)} ${nine.slice(6)}${check}`]);
    }
  },
  "nl-bsn": (d) => {
    for (;;) {
      const eight = d.digits(8);
      const check = weighted(eight, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
      if (check < 10 && eight[0] !== "0") return `${eight}${check}`;
    }
  },
  "de-steuer": (d) => {
    // Ten digits with exactly one that stands twice, then ISO 7064 MOD 11,10.
    const pool = [...d.pick(["12345678", "98765432", "13579246"])];
    const ten = `${pool.join("")}${pool[d.integer(0, 7)]}0`;
    let product = 10;
    for (const digit of ten) {
      const sum = (Number(digit) + product) % 10 || 10;
      product = (2 * sum) % 11;
    }
    const check = (11 - product) % 10;
    return d.pick([`${ten}${check}`, `${ten.slice(0, 2)} ${ten.slice(2, 5)} ${ten.slice(5, 8)} ${ten.slice(8)}${check}`]);
  },
};

/** Written in pieces, so that no scanner takes this source for a leak. */
const key = (...parts: string[]): string => parts.join("");
const base64 = (d: Dice, bytes: number): string => Buffer.from(Array.from({ length: bytes }, () => d.integer(0, 255))).toString("base64");
const json64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const SECRETS: Record<string, Maker> = {
  openai: (d) => key("sk-", d.pick(["proj-", "svcacct-", ""]), d.from(ALNUM, 20), "T3Blbk", "FJ", d.from(ALNUM, 20)),
  anthropic: (d) => key("sk-", "ant-", "api03-", d.from(BASE64URL, 92), "7AA"),
  openrouter: (d) => key("sk-", "or-", "v1-", d.from(HEX, 64)),
  github: (d) => key("gh", d.pick(["p", "o", "s"]), "_", d.from(ALNUM, 35), "7"),
  "github-fine": (d) => key("github", "_pat_", d.from(ALNUM, 22), "_", d.from(ALNUM, 59)),
  gitlab: (d) => key("gl", "pat-", d.from(BASE64URL, 19), "k"),
  "aws-id": (d) => key("AK", "IA", d.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
  google: (d) => key("AI", "za", "Sy", d.from(BASE64URL, 32), "Q"),
  "google-client": (d) => key("GOC", "SPX-", d.from(BASE64URL, 27), "a"),
  slack: (d) => key("xo", "xb-", d.digits(12), "-", d.digits(12), "-", d.from(ALNUM, 24)),
  stripe: (d) => key(d.pick(["sk", "rk"]), "_", d.pick(["live", "test"]), "_", d.from(ALNUM, 24)),
  huggingface: (d) => key("h", "f_", d.from(UPPER + LOWER, 34)),
  npm: (d) => key("np", "m_", d.from(ALNUM, 36)),
  pypi: (d) => key("py", "pi-", "AgEIcHlwaS5vcmc", d.from(BASE64URL, 70), "A"),
  twilio: (d) => key("S", "K", d.from(HEX, 32)),
  sendgrid: (d) => key("S", "G.", d.from(BASE64URL, 22), ".", d.from(BASE64URL, 42), "w"),
  telegram: (d) => key(String(d.integer(1e9, 9e9)), ":", "AA", d.from(BASE64URL, 32), "c"),
  databricks: (d) => key("da", "pi", d.from(HEX, 32)),
  digitalocean: (d) => key("do", "p_v1_", d.from(HEX, 64)),
  groq: (d) => key("gs", "k_", d.from(ALNUM, 52)),
  replicate: (d) => key("r", "8_", d.from(ALNUM, 37)),
  linear: (d) => key("lin", "_api_", d.from(ALNUM, 40)),
  notion: (d) => key("nt", "n_", d.digits(11), d.from(ALNUM, 35)),
  vault: (d) => key("hv", "s.", d.from(ALNUM, 24)),
  shopify: (d) => key("shp", "at_", d.from(HEX, 32)),
  docker: (d) => key("dck", "r_pat_", d.from(BASE64URL, 26), "s"),
  jwt: (d) => key(json64({ alg: "HS256", typ: "JWT" }), ".", json64({ sub: d.digits(6), iat: 1_700_000_000 + d.integer(0, 9e6) }), ".", d.from(BASE64URL, 42), "E"),
  "azure-storage": (d) => key("Account", "Key=", base64(d, 64)),
  "azure-client": (d) => key(d.from(ALNUM, 3), d.digits(1), "Q~", d.from(ALNUM, 34)),
  pem: (d) => key("-----BEGIN ", d.pick(["RSA ", "EC ", "", "OPENSSH "]), "PRIV", "ATE KEY-----\n", base64(d, 48), "\n", base64(d, 30), "\n-----END PRIV", "ATE KEY-----"),
};
/** Values that only their surroundings give away. */
const ASSIGNED: Record<string, Maker> = {
  "aws-secret": (d) => `${d.from(`${ALNUM}/+`, 39)}8`,
  hex32: (d) => d.from(HEX, 32),
  random: (d) => `${d.from(ALNUM, d.integer(20, 38))}3x`,
  password: (d) => d.pick([`Tr0ub4dor&${d.digits(2)}`, `hunter${d.digits(4)}!`, `${d.from(LOWER, 5)}-${d.digits(4)}-Zx`, `S3cure#${d.from(ALNUM, 6)}`]),
};

const password: Maker = (d) => d.pick([`${d.from(LOWER, 6)}${d.digits(2)}`, `P%40ss${d.digits(3)}`, d.from(ALNUM, 14), `${d.from(LOWER, 4)}!${d.digits(3)}`]);
const user: Maker = (d) => d.pick(["deploy", "admin", "svc_tasks", "root", "ci-bot", "amelia"]);

const ADDRESSES: Record<string, Maker> = {
  us: (d) => `${d.integer(3, 9899)} ${d.own(["Maple", "W. Lincoln", "Old Mill", "North 5th", "Cedar Ridge", "MLK"])} ${d.own(["Street", "Ave", "Rd", "Blvd", "Drive", "Lane", "Ct"])}${d.pick(["", `, Apt ${d.integer(1, 40)}${d.pick(["", "B"])}`, `, Springfield, IL 62${d.digits(3)}`, `, Suite ${d.integer(100, 900)}, Portland, OR 97${d.digits(3)}`])}`,
  gb: (d) => `${d.integer(1, 240)}${d.pick(["", "a"])} ${d.own(["Church", "Victoria", "Station", "Elm Tree", "St Mary's"])} ${d.own(["Road", "Close", "Gardens", "Terrace", "Crescent"])}${d.pick(["", `, Leeds LS${d.integer(1, 9)} ${d.integer(1, 9)}AB`, `, London SW${d.integer(1, 9)}A ${d.integer(1, 9)}AA`])}`,
  de: (d) => `${d.own(["Goethestraße", "Lindenweg", "Bahnhofstr.", "Karl-Marx-Allee", "Am Alten Markt", "Lange Straße", "Rosengasse", "Unter den Eichen"])} ${d.integer(1, 180)}${d.pick(["", "a", " b"])}${d.pick(["", `, ${d.pick(["10", "20", "50", "80"])}${d.digits(3)} ${d.pick(["Berlin", "Hamburg", "Köln", "München"])}`])}`,
  fr: (d) => `${d.integer(1, 160)}${d.pick(["", " bis", ","])} ${d.own(["rue de la République", "avenue Victor-Hugo", "boulevard Saint-Michel", "place des Vosges", "chemin du Moulin", "impasse des Lilas"])}${d.pick(["", `, 750${d.digits(2)} Paris`, `, 6900${d.integer(1, 9)} Lyon`])}`,
  es: (d) => `${d.own(["Calle de Alcalá", "C/ Mayor", "Avenida de la Constitución", "Avda. Diagonal", "Plaza de España", "Paseo de Gracia"])}${d.pick([",", ""])} ${d.integer(1, 300)}${d.pick(["", ", 3º B", `, 280${d.digits(2)} Madrid`, `, 080${d.digits(2)} Barcelona`])}`,
};

const VARIETIES: Record<string, Record<string, Maker>> = {
  email: { plain: mail }, phone: PHONES, ip: IPS, card: { test: card }, iban: { registry: iban }, ssn: { dashed: ssn, spaced: (d) => ssn(d).replaceAll("-", " ") },
  "national-id": NATIONAL_IDS, secret: { ...SECRETS, ...ASSIGNED }, "url-credentials": { userinfo: (d) => `${user(d)}:${password(d)}`, password },
  address: ADDRESSES, person: { en: fullName("en"), de: fullName("de"), fr: fullName("fr"), es: fullName("es"), "en-family": familyName("en"), "de-family": familyName("de"), "fr-family": familyName("fr"), "es-family": familyName("es") },
};
/** Varieties that a slot without a variety draws from. */
const FREE: Record<string, readonly string[]> = { secret: Object.keys(SECRETS), "national-id": ["es-dni", "es-nie", "it-cf", "fr-nir", "br-cpf", "cn-id", "fi-hetu"], ssn: ["dashed"], person: ["en"], address: ["us", "gb"], phone: ["us", "gb", "de", "fr", "other"] };

/** A value of a kind; without a variety, of one of those that need no particular sentence around them. */
export function makeValue(dice: Dice, kind: PiiKind, variety?: string): Value {
  const makers = VARIETIES[kind] ?? {};
  const name = variety ?? dice.pick(FREE[kind] ?? Object.keys(makers));
  const maker = makers[name];
  if (!maker) throw new Error(`no values of ${kind}:${name}`);
  return { text: maker(dice), variety: name };
}

const luhnBroken: Maker = (d) => {
  const number = d.pick(TEST_CARDS.filter((value) => value.length === 16));
  return `${number.slice(0, 15)}${(Number(number[15]) + d.integer(1, 9)) % 10}`.replace(/(.{4})(?=.)/g, "$1 ");
};

/** What looks like personal data and is not. */
const HARMLESS: Record<string, Maker> = {
  date: (d) => d.pick([`2026-0${d.integer(1, 9)}-${d.integer(10, 28)}`, `${d.integer(10, 28)}.0${d.integer(1, 9)}.2026`, `${d.integer(1, 12)}/${d.integer(10, 28)}/2026`, `${d.integer(10, 28)}-0${d.integer(1, 9)}-2026`, `2026/11/${d.integer(10, 28)}`]),
  time: (d) => d.pick([`${d.integer(10, 23)}:${d.integer(10, 59)}`, `${d.integer(10, 23)}:${d.integer(10, 59)}:${d.integer(10, 59)}.${d.digits(3)}`, `${d.integer(1, 11)}.30pm`, `${d.integer(10, 23)}h${d.integer(10, 59)}`]),
  stamp: (d) => d.pick([`2026-11-${d.integer(10, 28)}T09:${d.integer(10, 59)}:12Z`, String(1_700_000_000 + d.integer(0, 9e7)), String(1_700_000_000_000 + d.integer(0, 9e10)), `20261121${d.digits(6)}`, `2026-11-21 08:1${d.digits(1)}:44,${d.digits(3)}`]),
  version: (d) => d.pick([`${d.integer(1, 20)}.${d.integer(0, 20)}.${d.integer(0, 20)}`, `v${d.integer(1, 20)}.${d.integer(0, 20)}.${d.integer(0, 20)}-rc.${d.integer(1, 9)}`, `${d.integer(1, 20)}.0.${d.integer(1000, 9999)}.${d.integer(300, 900)}`]),
  quad: (d) => [d.integer(1, 20), d.integer(0, 20), d.integer(0, 20), d.integer(0, 20)].join("."),
  order: (d) => d.pick([`#${d.digits(9)}`, `INV-2026-${d.digits(6)}`, `PO-${d.digits(10)}`, `${d.digits(3)}-${d.digits(7)}-${d.digits(7)}`, `TASK-${d.digits(4)}`, d.digits(10), `ORD${d.digits(8)}`]),
  price: (d) => d.pick([`$${d.integer(1, 9)},${d.digits(3)},${d.digits(3)}.00`, `${d.integer(10, 99)}.${d.digits(3)},${d.digits(2)} €`, `EUR ${d.integer(100, 999)} ${d.digits(3)} ${d.digits(3)}`, `£${d.digits(5)}.50`, `${d.integer(100, 900)} ${d.digits(3)} ${d.digits(3)} kr`]),
  isbn: (d) => d.pick(["978-0-306-40615-7", "978-3-16-148410-0", "9780262035613", "0-306-40615-2", "979-10-90636-07-1"]),
  uuid: (d) => `${d.from(HEX, 8)}-${d.from(HEX, 4)}-4${d.from(HEX, 3)}-a${d.from(HEX, 3)}-${d.from(HEX, 12)}`,
  sha: (d) => d.pick([d.from(HEX, 40), d.from(HEX, 7), d.from(HEX, 64), d.from(HEX, 32)]),
  digest: (d) => d.pick([`sha256:${d.from(HEX, 64)}`, `sha512-${base64(d, 64)}`]),
  serial: (d) => d.pick([`SN ${d.from(UPPER, 2)}${d.digits(8)}`, `C02${d.from(UPPER + "0123456789", 9)}`, `${d.digits(4)}-${d.digits(4)}-${d.digits(4)}`, `${d.from(UPPER, 3)}-${d.digits(3)}-${d.digits(4)}`]),
  badcard: luhnBroken,
  badiban: (d) => `${d.pick(["DE", "GB", "FR"])}00${d.digits(18)}`,
  badssn: (d) => d.pick([`000-${d.digits(2)}-${d.digits(4)}`, `9${d.digits(2)}-00-${d.digits(4)}`, `666-${d.digits(2)}-${d.digits(4)}`, `${d.digits(3)}-00-${d.digits(4)}`]),
  baddni: (d) => {
    const digits = d.digits(8);
    return `${digits}${"TRWAGMYFPDXBNJZSQVHLCKE".charAt((Number(digits) + d.integer(1, 22)) % 23)}`;
  },
  coords: (d) => `${d.integer(10, 59)}.${d.digits(6)}, -${d.integer(10, 99)}.${d.digits(6)}`,
  id: (d) => d.pick([`task_${d.from(ALNUM, 12)}`, `chatcmpl-${d.from(ALNUM, 24)}`, `call_${d.from(ALNUM, 24)}`, `cus_${d.from(ALNUM, 14)}`, `run-${d.digits(8)}`, `arn:aws:iam::${d.digits(12)}:role/tasks`]),
  number: (d) => d.pick([d.digits(7), d.digits(9), d.digits(12), `${d.digits(3)} ${d.digits(3)}`, `${d.integer(1, 9)} ${d.digits(3)} ${d.digits(3)}`, `${d.integer(1, 9)},${d.digits(3)},${d.digits(3)}`, `${d.integer(1, 9)}.${d.digits(12)}`]),
  pair: (d) => d.pick([`${d.integer(100, 999)}-${d.integer(1000, 1999)}`, `${d.integer(1, 99)}x${d.integer(1, 99)}`, `${d.integer(1920, 3840)}x${d.integer(1080, 2160)}`]),
  mac: (d) => Array.from({ length: 6 }, () => d.from(HEX, 2)).join(":"),
  word: (d) => d.pick(["sk-learn-based-pipeline-2026-v2", "hf_hub_download_cached_file", "npm_config_registry_url", "glpat-prefix", "sk-...", "ghp_xxx", "AKIA…", "pypi-server", "xoxb-your-token", "risk-based-approach-v2-final"]),
  handle: (d) => `@${d.pick(["amelia", "tariq_h", "types/node", "huggingface/transformers", "media", "angular/core"])}${d.pick(["", "@22.1.0"])}`.replace(/^(@(?:amelia|tariq_h|media))@.*/, "$1"),
};

export function isHarmless(name: string): boolean {
  return Object.hasOwn(HARMLESS, name);
}

export function makeHarmless(dice: Dice, name: string): string {
  const maker = HARMLESS[name];
  if (!maker) throw new Error(`no values of ${name}`);
  return maker(dice);
}
