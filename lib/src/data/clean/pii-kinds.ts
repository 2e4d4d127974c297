import { findPhoneNumbersInText, type CountryCode } from "libphonenumber-js";

/** The kinds of personal data and secrets that are found, in the order in which they win an overlap. */
export const PII_KINDS = ["secret", "url-credentials", "email", "iban", "card", "ssn", "ip", "phone"] as const;
export type PiiKind = (typeof PII_KINDS)[number];

/** A place in a text: UTF-16 offsets, end exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** The countries whose national phone formats are understood; numbers written with + are, for every country. */
export const PHONE_REGIONS: readonly CountryCode[] = ["US", "GB", "PK", "IN", "DE", "FR"];

function* spans(text: string, pattern: RegExp): Generator<RegExpExecArray> {
  for (const match of text.matchAll(pattern)) yield match;
}

const whole = (match: RegExpExecArray): Span => ({ start: match.index, end: match.index + match[0].length });

// Prefixes as the providers document them. A body must hold a digit where its alphabet would also spell words.
const SECRETS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|$)/g,
  /\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}/g, // JSON Web Token
  /\bsk-(?=[\w-]*\d)[A-Za-z0-9_-]{16,}/g, // OpenAI, Anthropic, OpenRouter, DeepSeek …
  /\bgh[pousr]_[A-Za-z0-9]{30,}/g, // GitHub
  /\bgithub_pat_\w{30,}/g,
  /\bglpat-[\w-]{20,}/g, // GitLab
  /\b(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}\b/g, // AWS
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /\bhooks\.slack\.com\/services\/T\w+\/B\w+\/\w+/g,
  /\bAIza[\w-]{35}/g, // Google
  /\bya29\.[\w-]{20,}/g,
  /\bhf_(?=\w*\d|\w*[A-Z])[A-Za-z0-9]{20,}/g, // Hugging Face
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}/g, // Stripe
  /\bwhsec_[A-Za-z0-9]{16,}/g,
  /\bSG\.[\w-]{16,}\.[\w-]{16,}/g, // SendGrid
  /\bgsk_[A-Za-z0-9]{20,}/g, // Groq
];
const SECRET_HINT = /-----BEGIN|eyJ|sk-|gh[pousr]_|github_pat_|glpat-|A[KSGRI][IPOD]A|xox|hooks\.slack|AIza|ya29\.|hf_|npm_|[rs]k_|whsec_|SG\.|gsk_/;

function* secrets(text: string): Generator<Span> {
  if (!SECRET_HINT.test(text)) return;
  for (const pattern of SECRETS) for (const match of spans(text, pattern)) yield whole(match);
}

/** The user and password of a URL (RFC 3986 userinfo with a colon); the rest of the URL stays readable. */
function* urlCredentials(text: string): Generator<Span> {
  if (!text.includes("://")) return;
  for (const match of spans(text, /\b[a-z][a-z0-9+.-]*:\/\/([^\s/?#@:"'<>]*:[^\s/?#"'<>]+)@(?=[\w.[-])/gi)) {
    const start = match.index + match[0].indexOf("://") + 3;
    yield { start, end: start + (match[1] ?? "").length };
  }
}

function* emails(text: string): Generator<Span> {
  if (!text.includes("@")) return;
  const pattern = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}_%+][\p{L}\p{N}._%+'-]{0,63}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+\p{L}{2,24}(?![\p{L}\p{N}-])/gu;
  for (const match of spans(text, pattern)) {
    const end = match.index + match[0].length;
    // git@github.com:owner/repository is an address of a repository, not of a person.
    if (/^git@/i.test(match[0]) && /^[:/]/.test(text.slice(end, end + 1))) continue;
    yield { start: match.index, end };
  }
}

// IBAN lengths by country (SWIFT IBAN Registry).
const IBAN_LENGTHS = new Map(
  (
    "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27" +
    "GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22" +
    "MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28" +
    "TL23TN24TR26UA29VA22VG24XK20YE30"
  )
    .match(/[A-Z]{2}\d{2}/g)
    ?.map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const) ?? [],
);

/** ISO 7064 MOD 97-10, as ISO 13616 prescribes for IBANs: letters become 10 to 35, the remainder must be 1. */
function ibanChecks(iban: string): boolean {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

function* ibans(text: string): Generator<Span> {
  for (const match of spans(text, /\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/gi)) {
    const length = IBAN_LENGTHS.get(match[0].slice(0, 2).toUpperCase());
    if (!length) continue;
    // The pattern runs on into the next word: take as many characters as the country's IBANs have.
    let taken = 0;
    let end = 0;
    while (end < match[0].length && taken < length) if (/[A-Z0-9]/i.test(match[0][end++] ?? "")) taken++;
    const after = text[match.index + end] ?? "";
    if (taken < length || /[\p{L}\p{N}]/u.test(after)) continue;
    if (ibanChecks(match[0].slice(0, end).replace(/[ -]/g, "").toUpperCase())) {
      yield { start: match.index, end: match.index + end };
    }
  }
}

/** The Luhn check digit (ISO/IEC 7812-1, annex B). */
function luhnChecks(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit * 2 - (digit > 4 ? 9 : 0);
  }
  return sum % 10 === 0;
}

// Visa, Mastercard, American Express, Discover, JCB, Diners Club, UnionPay: first digits and lengths.
const CARD_NUMBER =
  /^(?:4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[689]\d)\d{11}|62\d{14,17})$/;

function* cards(text: string): Generator<Span> {
  for (const match of spans(text, /(?<![\w#./:-])\d(?:[ -]?\d){13,18}(?![\w-]|\.\d)/g)) {
    const digits = match[0].replace(/\D/g, "");
    if (CARD_NUMBER.test(digits) && luhnChecks(digits)) yield whole(match);
  }
}

/** US social security numbers by the rules of the SSA: no area 000, 666 or 9xx, no group 00, no serial 0000. */
function* socialSecurityNumbers(text: string): Generator<Span> {
  for (const match of spans(text, /(?<![\w.#/-])(?!000|666|9)\d{3}([- ])(?!00)\d{2}\1(?!0000)\d{4}(?![\w/-]|\.\d)/g)) {
    const before = text.slice(Math.max(0, match.index - 40), match.index);
    if (match[1] === "-" || /\b(?:ssn|social security)\b/i.test(before)) yield whole(match);
  }
}

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`(?<![\\w.-])${OCTET}(?:\\.${OCTET}){3}(?![\\w-]|\\.\\d)`, "g");
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{1,4}:|:(?=:))[0-9a-f:]{2,}(?:%\w+)?(?![\w:])/gi;
const VERSION_BEFORE = /(?:\bv|\bver\.?|\bversions?|\breleases?|\bbuild|\bsection|§)[\s:=]*$/i;

/** RFC 4291: eight groups, or fewer with one `::`. `::` and `::1` name no one. */
function isIpv6(text: string): boolean {
  const groups = text.replace(/%.*$/, "").split("::");
  if (groups.length > 2) return false;
  const count = groups.flatMap((side) => (side === "" ? [] : side.split(":")));
  if (count.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return false;
  return groups.length === 2 ? count.length >= 2 && count.length <= 7 : count.length === 8;
}

function* ipAddresses(text: string): Generator<Span> {
  for (const match of spans(text, IPV4)) {
    if (/^(?:127\.|0\.0\.0\.0|255\.255\.255\.)/.test(match[0])) continue;
    if (VERSION_BEFORE.test(text.slice(Math.max(0, match.index - 16), match.index))) continue;
    yield whole(match);
  }
  if (!text.includes(":")) return;
  // Shorter ones, and those without a digit, are more often code (a::b) than an address.
  for (const match of spans(text, IPV6)) if (match[0].length >= 7 && /\d/.test(match[0]) && isIpv6(match[0])) yield whole(match);
}

const PHONE_SHAPE = /(?<![\w.#/$€£+-]|[$€£]\s)(?:\+|\()?\d[\d ().\u2010\u2011-]{5,22}\d(?![\w$€£%]|[-/:,.]\d)/g;
const PHONE_BEFORE =
  /\b(?:phone|telephone|tel|mobile|cell(?:phone)?|fax|whatsapp|sms|text|call(?:ing|ed)?|ring|dial|reach(?:able)?|contact|hotline|number)\b[^.!?\n]{0,24}$/i;
const ID_BEFORE = /(?:#|\b(?:id|ids|task|ticket|order|invoice|ref|reference|case|serial|isbn|sku|issue|version|build|account)\b[\s:=#"']*(?:(?:no|nr|number|id)\b\.?)?[\s:=#"']*)$/i;
const NORTH_AMERICAN = /^(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[.-]|\d{3} )\d{3}[ .-]\d{4}$/;
const DATE_LIKE = /^(?:\d{4}([-.])\d{1,2}\1\d{1,2}|\d{1,2}([-.])\d{1,2}\2\d{2,4})(?!\d)/;

/**
 * Phone numbers. Written with +, a number must be valid for its country; in a national format it must look like a
 * North American number (3-3-4, which takes in the fictional 555 ones), or be valid in one of the regions where
 * the words before it speak of a phone. Bare digits are never a phone number without such words.
 */
function* phones(text: string, regions: readonly CountryCode[]): Generator<Span> {
  for (const match of spans(text, PHONE_SHAPE)) {
    const found = match[0];
    const digits = found.replace(/\D/g, "");
    if (digits.length < 7 || digits.length > 15 || DATE_LIKE.test(found)) continue;
    const before = text.slice(Math.max(0, match.index - 48), match.index);
    if (ID_BEFORE.test(before)) continue;
    const spoken = PHONE_BEFORE.test(before);
    // A local number of the range that is reserved for fiction, 555-0100 and its like.
    if (NORTH_AMERICAN.test(found) || /^(?:\+?1[ .-]?)?555[.-]\d{4}$/.test(found) || (spoken && /^\d{3}[.-]\d{4}$/.test(found))) {
      yield whole(match);
      continue;
    }
    const international = found.startsWith("+") ? found : /^00[1-9]/.test(found) ? `+${found.slice(2)}` : undefined;
    const shift = international === undefined ? 0 : found.length - international.length;
    const candidates = international !== undefined ? [undefined] : spoken ? regions : [];
    for (const region of candidates) {
      const numbers = findPhoneNumbersInText(international ?? found, { ...(region ? { defaultCountry: region } : {}), extended: true });
      const number = numbers.find((candidate) => candidate.startsAt === 0);
      if (!number) continue;
      yield { start: match.index, end: match.index + number.endsAt + shift };
      break;
    }
  }
}

/** What finds each kind. `regions` are the countries of {@link PHONE_REGIONS}. */
export const FINDERS: Record<PiiKind, (text: string, regions: readonly CountryCode[]) => Iterable<Span>> = {
  secret: secrets,
  "url-credentials": urlCredentials,
  email: emails,
  iban: ibans,
  card: cards,
  ssn: socialSecurityNumbers,
  ip: ipAddresses,
  phone: phones,
};
