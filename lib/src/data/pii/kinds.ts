/** The kinds of personal data and secrets that are found, in the order in which they win an overlap. */
export const PII_KINDS = [
  "secret", "url-credentials", "email", "iban", "card", "national-id", "ssn", "ip", "phone", "address", "person",
] as const;
export type PiiKind = (typeof PII_KINDS)[number];

/**
 * The kinds that are looked for unless others are named. Not among them: `national-id`, `address` and `person`, whose
 * rules see only a part of what people write (`person`) or take some harmless text with it.
 */
export const DEFAULT_PII_KINDS: readonly PiiKind[] = ["secret", "url-credentials", "email", "iban", "card", "ssn", "ip", "phone"];

/** What stands in place of a find that is masked. A pseudonym has a code in it: `[EMAIL:3f9a0c5d71be]`. */
export const PII_MASKS: Record<PiiKind, string> = {
  secret: "[SECRET]",
  "url-credentials": "[CREDENTIALS]",
  email: "[EMAIL]",
  iban: "[IBAN]",
  card: "[CARD]",
  "national-id": "[NATIONAL_ID]",
  ssn: "[SSN]",
  ip: "[IP]",
  phone: "[PHONE]",
  address: "[ADDRESS]",
  person: "[PERSON]",
};

/** A mask or a pseudonym, as they stand in a masked text. */
export const MASK_PATTERN = new RegExp(`\\[(?:${Object.values(PII_MASKS).map((mask) => mask.slice(1, -1)).join("|")})(?::[0-9a-f]{12})?\\]`);

/** A place in a text: UTF-16 offsets, end exclusive. */
export interface Span {
  start: number;
  end: number;
}

/** Personal data or a secret, found in a text. */
export interface PiiMatch extends Span {
  kind: PiiKind;
  /** The text found. Do not log it. */
  text: string;
}

/** The place of a whole match. */
export const whole = (match: RegExpExecArray): Span => ({ start: match.index, end: match.index + match[0].length });

/** The place of a match's first group that took part, where that group ends the match but for `after` characters. */
export function ofGroup(match: RegExpExecArray, group: string): Span {
  const start = match.index + match[0].lastIndexOf(group);
  return { start, end: start + group.length };
}
