import type { CountryCode } from "libphonenumber-js";
import { whole, type Span } from "./kinds.js";

/** Loaded when a number is to be parsed: most texts hold none, and it takes 15 MiB. */
export const phoneLibrary = (): typeof import("libphonenumber-js") => require("libphonenumber-js") as typeof import("libphonenumber-js");

/** The countries whose national phone formats are understood; numbers written with + are, for every country. */
export const PHONE_REGIONS: readonly CountryCode[] = ["US", "GB", "PK", "IN", "DE", "FR"];

const PHONE_SHAPE = /(?<![\w.#/$€£+-]|[$€£]\s)(?:\+|\()?\d[\d ().\u2010\u2011-]{5,22}\d(?![\w$€£%]|[-/:,.]\d)/g;
/** 0171/3920012, as it is written in Germany and Austria. */
const PHONE_SLASHED = /(?<![\w.#/$€£+-])0\d{2,4}\s?\/\s?\d[\d -]{4,10}\d(?![\w/%-])/g;
const PHONE_BEFORE = new RegExp(
  "(?<!\\p{L})(?:phone|telephone|tel|mobile|cell(?:phone)?|fax|whatsapp|sms|text|call(?:ing|ed)?|ring|dial|reach(?:able)?|contact|hotline|switchboard|voicemail|(?:my|his|her|our|their|your|new|work|home|office|\\p{L}[’']s) number|number is" +
    "|telefon(?:nummer)?|rufnummer|handy(?:nummer)?|mobil(?:nummer)?|rückruf|ruf|anruf(?:en)?|erreichbar|durchwahl" +
    "|téléphone|tél|portable|(?:mon|ton|son|votre|notre|leur) numéro|appel(?:le|ez|er)|joindre|joignable" +
    "|tel[eé]fono|móvil|celular|llam[aáe]\\p{L}*|(?:mi|tu|su|nuestro) número|número de contacto|cellulare|chiama(?:mi)?|telefoon|bel|telefone|ligue|telemóvel)(?!\\p{L})[^.!?\\n]{0,24}$",
  "iu",
);
/** "tel." and "tél." end in a point that ends no sentence. */
const POINTED_BEFORE = /(?<!\p{L})(?:tel|tél|mob|ph|nr|no)\.[\s:]*$/iu;
const ID_BEFORE =
  /(?:#|(?<!\p{L})(?:ids?|task|ticket|order|parcel|transaction|receipt|item|invoice|po|ref|reference|case|serial|isbn|sku|issue|version|build|account|timestamp|bestell(?:ung|nummer)|auftrag(?:snummer)?|rechnung(?:snummer)?|kundennummer|commande|facture|réf|pedido|factura|referencia|ordine|fattura|bestelling|factuur|zamówienie)(?!\p{L})[\s:=#"'.]*(?:(?:no|nr|n[º°o]|number|id|num[eé]ro|número|nummer)(?!\p{L})\.?)?[\s:=#"']*)$/iu;
const NORTH_AMERICAN = /^(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[.-]|\d{3} )\d{3}[ .-]\d{4}$/;
/** National formats that nothing else is written in: French pairs; a British number in its groups. */
const DISTINCT: readonly (readonly [CountryCode, RegExp])[] = [
  ["FR", /^0[1-9](?:([ .-])\d\d)(?:\1\d\d){3}$/],
  ["GB", /^(?:\(0\d{2}\)|0\d{2}) \d{4} \d{4}$|^(?:\(0\d{3}\)|0\d{3}) \d{3} \d{4}$|^(?:\(0\d{4}\)|0\d{4}) \d{6}$/],
];
/** Not 01.99.00.57.49, a French number. */
const DATE_LIKE = /^(?!0\d([.-])\d\d(?:\1\d\d){3}$)(?:\d{4}([-.])\d{1,2}\2\d{1,2}|\d{1,2}([-.])\d{1,2}\3\d{2,4})(?!\d)/;

/** How much of a text's part is a valid number, from its first character on; undefined if it begins with none. */
function validLength(text: string, region: CountryCode | undefined): number | undefined {
  const numbers = phoneLibrary().findPhoneNumbersInText(text, { ...(region ? { defaultCountry: region } : {}), extended: true });
  return numbers.find((candidate) => candidate.startsAt === 0)?.endsAt;
}

/**
 * Phone numbers. Written with + or 00, a number must be valid for its country; in a national format it must look like a
 * North American number (3-3-4, which takes in the fictional 555 ones) or have the distinct groups of a French or British
 * one, or be valid in one of the regions where the words before it speak of a phone. Bare digits are never a phone number
 * without such words, and no number is one after a word such as order or ticket.
 *
 * @param regions - see {@link PHONE_REGIONS}
 */
export function* phones(text: string, regions: readonly CountryCode[]): Generator<Span> {
  for (const match of text.matchAll(PHONE_SHAPE)) {
    const found = match[0];
    const digits = found.replace(/\D/g, "");
    if (digits.length < 7 || digits.length > 15 || DATE_LIKE.test(found)) continue;
    const before = text.slice(Math.max(0, match.index - 48), match.index);
    if (ID_BEFORE.test(before)) continue;
    const spoken = PHONE_BEFORE.test(before) || POINTED_BEFORE.test(before);
    // A local number of the range that is reserved for fiction, 555-0100 and its like.
    if (NORTH_AMERICAN.test(found) || /^(?:\+?1[ .-]?)?555[.-]\d{4}$/.test(found) || (spoken && /^\d{3}[.-]\d{4}$/.test(found))) {
      yield whole(match);
      continue;
    }
    // 00 is how + is dialled; (0) is dialled at home only.
    const international = found.startsWith("+") ? found : /^00[1-9]/.test(found) ? `+${found.slice(2)}` : undefined;
    if (international !== undefined) {
      const plain = international.replace(/\(0\)\s?/, "");
      const length = validLength(plain, undefined);
      if (length === undefined) continue;
      const all = length === plain.length;
      yield { start: match.index, end: match.index + (all ? found.length : length + found.length - international.length) };
      continue;
    }
    const candidates = spoken ? regions : DISTINCT.filter(([region, shape]) => regions.includes(region) && shape.test(found)).map(([region]) => region);
    for (const region of candidates) {
      const length = validLength(found, region);
      if (length === undefined) continue;
      yield { start: match.index, end: match.index + length };
      break;
    }
  }
  if (!text.includes("/")) return;
  for (const match of text.matchAll(PHONE_SLASHED)) {
    const before = text.slice(Math.max(0, match.index - 48), match.index);
    if (!PHONE_BEFORE.test(before) && !POINTED_BEFORE.test(before)) continue;
    if (validLength(match[0].replace("/", " "), "DE") === match[0].length) yield whole(match);
  }
}
