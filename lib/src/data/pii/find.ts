import type { CountryCode } from "libphonenumber-js";
import { cards, ibans } from "./accounts.js";
import { addresses } from "./address.js";
import { DEFAULT_PII_KINDS, MASK_PATTERN, PII_KINDS, type PiiKind, type PiiMatch, type Span } from "./kinds.js";
import { emails, ipAddresses } from "./network.js";
import { nationalIds, socialSecurityNumbers } from "./national-ids.js";
import { persons } from "./person.js";
import { PHONE_REGIONS, phones } from "./phone.js";
import { secrets, urlCredentials } from "./secrets.js";
import { signsOf, type Signs } from "./signs.js";

export interface PiiOptions {
  /** Kinds to look for. Default {@link DEFAULT_PII_KINDS}. */
  kinds?: readonly PiiKind[];
  /** Countries whose national phone formats are understood (ISO 3166). Default US, GB, PK, IN, DE, FR. */
  regions?: readonly CountryCode[];
}

/** Without a digit, an @, a URL or a key header there is nothing to find but names; most messages end here. */
const WORTH_A_LOOK = /[@\d]|:\/\/|::|-----BEGIN|xox|gh[pousr]_/;
/** A connection string's password may have no digit. */
const PASSWORD_FIELD = /(?:password|pwd)\s?=/i;

const FINDERS: Record<PiiKind, (text: string, regions: readonly CountryCode[]) => Iterable<Span>> = {
  secret: secrets,
  "url-credentials": urlCredentials,
  email: emails,
  iban: ibans,
  card: cards,
  "national-id": nationalIds,
  ssn: socialSecurityNumbers,
  ip: ipAddresses,
  phone: phones,
  address: addresses,
  person: persons,
};

/** What a text must have for a rule to find anything: digits as many as the shortest match of its patterns has. */
const NEEDED: Partial<Record<PiiKind, (signs: Signs, text: string) => boolean>> = {
  iban: ({ lettersDigits }) => lettersDigits,
  card: ({ digits }) => digits >= 14,
  ssn: ({ digits }) => digits >= 9,
  ip: ({ quad, colons }) => quad || colons,
  phone: ({ digits }, text) => digits >= 7 || (digits >= 5 && text.includes("/")),
};

/** A character that no rule takes for a letter, a digit or a sign: what is masked already must not be found, nor be a find's context. */
const BLANK = "\uFFFC";
const EVERY_MASK = new RegExp(MASK_PATTERN.source, "g");

/**
 * Finds e-mail addresses, phone numbers, IPv4 and IPv6 addresses, payment cards (Luhn), US social security numbers,
 * IBANs (mod 97), API keys and tokens of common providers, private keys, passwords and keys assigned to a name that says
 * so, and credentials in URLs and connection strings; where asked for, also national ids with check digits, street
 * addresses and names in forms of address, introductions and signatures.
 *
 * Rules see forms, not meaning: names and passwords in free prose, and whatever is misspelt, spelt out or cut in two,
 * are missed. `npm run bench:pii` measures how much.
 *
 * @param text - any text
 * @returns matches in order of position, none overlapping another
 */
export function findPii(text: string, options: PiiOptions = {}): PiiMatch[] {
  const { kinds = DEFAULT_PII_KINDS, regions = PHONE_REGIONS } = options;
  // Apart, for h and p are frequent letters: within the pattern they would cost a third of the time of ordinary text.
  const worthALook = WORTH_A_LOOK.test(text) || text.includes("hf_") || (text.includes("=") && PASSWORD_FIELD.test(text));
  if (!worthALook && !kinds.includes("person")) return [];
  const masked = text.includes("[") && MASK_PATTERN.test(text);
  const seen = masked ? text.replace(EVERY_MASK, (mask) => BLANK.repeat(mask.length)) : text;
  const taken: PiiMatch[] = [];
  let signs: Signs | undefined;
  for (const kind of PII_KINDS) {
    if (!kinds.includes(kind) || (!worthALook && kind !== "person")) continue;
    if (NEEDED[kind] && !NEEDED[kind]((signs ??= signsOf(seen)), seen)) continue;
    for (const { start, end } of FINDERS[kind](seen, regions)) {
      if (start >= end || taken.some((other) => start < other.end && other.start < end)) continue;
      if (masked && cutsMask(seen, start, end)) continue;
      taken.push({ kind, start, end, text: text.slice(start, end) });
    }
  }
  return taken.sort((a, b) => a.start - b.start);
}

/** Whether a span ends within a mask, or is nothing but masks. */
function cutsMask(seen: string, start: number, end: number): boolean {
  const within = (at: number): boolean => seen[at - 1] === BLANK && seen[at] === BLANK;
  return within(start) || within(end) || seen.slice(start, end).replaceAll(BLANK, "") === "";
}
