import { ibanChecks, luhnChecks } from "./checksums.js";
import { whole, type Span } from "./kinds.js";

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

/** IBANs with a country's length and valid check digits, in groups or not. */
export function* ibans(text: string): Generator<Span> {
  for (const match of text.matchAll(/\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}/gi)) {
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

// Visa, Mastercard, American Express, Discover, JCB, Diners Club, UnionPay: first digits and lengths.
const CARD_NUMBER =
  /^(?:4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-59]|[689]\d)\d{11}(?:\d{2,5})?|62\d{14,17})$/;

/** Payment cards: an issuer's first digits and lengths, and the Luhn check digit. */
export function* cards(text: string): Generator<Span> {
  for (const match of text.matchAll(/(?<![\w#./:-])\d(?:[ -]?\d){13,18}(?![\w-]|\.\d)/g)) {
    const digits = match[0].replace(/\D/g, "");
    if (CARD_NUMBER.test(digits) && luhnChecks(digits)) yield whole(match);
  }
}
