import { createHmac, randomBytes } from "node:crypto";
import { PII_MASKS, type PiiKind } from "./kinds.js";
import { phoneLibrary, PHONE_REGIONS } from "./phone.js";

/** A salt that could be guessed would let everyone test whose address a pseudonym stands for. */
const SALT_BYTES = 16;
/** 48 bits: among a million different values, any two share a pseudonym with a probability of 0.2%. */
const CODE_DIGITS = 12;

/** A value in the one form that all its spellings share: `+1 (415) 555-2671` and `415-555-2671` are one number. */
function canonical(kind: PiiKind, text: string): string {
  switch (kind) {
    case "email":
      return text.normalize("NFC").toLowerCase();
    case "phone": {
      const number = phoneLibrary().parsePhoneNumberFromString(text.replace(/^00(?=[1-9])/, "+").replace("(0)", ""), PHONE_REGIONS[0] ?? "US");
      return number?.number ?? text.replace(/\D/g, "");
    }
    case "card":
    case "ssn":
    case "iban":
    case "national-id":
      return text.replace(/[^A-Za-z\d]/g, "").toUpperCase();
    case "ip":
      return canonicalIp(text);
    case "address":
    case "person":
      return text.normalize("NFC").toLowerCase().replace(/[\s,]+/g, " ").trim();
    case "secret":
    case "url-credentials":
      return text;
  }
}

function canonicalIp(text: string): string {
  if (!text.includes(":")) return text;
  const address = `http://[${text.replace(/%.*$/, "")}]/`;
  return URL.canParse(address) ? new URL(address).hostname : text.toLowerCase();
}

/**
 * Keyed pseudonyms: the same value gives the same `[EMAIL:3f9a0c5d71be]` (HMAC-SHA-256 with a salt, cut to 48 bits) however
 * it is spelt, so that a conversation about two people stays one about two people, and rows can still be grouped by them.
 *
 * It protects from a reader who has the dataset and not the salt: such a reader can neither read a value off its pseudonym
 * nor test a guess. It does not protect from one who has the salt (there are few enough phone numbers to try them all),
 * nor from what the rest of the text says; and it shows which rows are about the same person, and how many there are. In
 * the words of the GDPR (article 4(5)) the data are pseudonymised, not anonymous. Where nothing needs the link, mask.
 */
export class Pseudonyms {
  readonly #salt: Buffer;

  /**
   * @param salt - at least 16 bytes, kept apart from the dataset; the same salt gives the same pseudonyms in another dataset.
   *   Without it one is drawn, and is gone with this object: nobody can make the link again.
   * @throws RangeError for a salt that is too short
   */
  constructor(salt?: string | Uint8Array) {
    this.#salt = salt === undefined ? randomBytes(32) : Buffer.from(salt as string);
    if (this.#salt.length < SALT_BYTES) {
      throw new RangeError(`the salt for pseudonyms has ${this.#salt.length} bytes and needs at least ${SALT_BYTES}: draw one with "openssl rand -hex 32"`);
    }
  }

  /** What stands in place of a find. */
  of(kind: PiiKind, text: string): string {
    const code = createHmac("sha256", this.#salt).update(`${kind}\0${canonical(kind, text)}`).digest("hex").slice(0, CODE_DIGITS);
    return `${PII_MASKS[kind].slice(0, -1)}:${code}]`;
  }

  /** Tells two salts apart without telling either. */
  get tag(): string {
    return createHmac("sha256", this.#salt).update("tag").digest("hex").slice(0, 16);
  }
}
