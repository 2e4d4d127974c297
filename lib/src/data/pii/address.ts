import { whole, type Span } from "./kinds.js";

const WORD = "\\p{Lu}[\\p{L}’'-]*\\.?";
const UK_POSTCODE = "[A-Z]{1,2}\\d[A-Z\\d]?\\s?\\d[A-Z]{2}";
const CITY = `\\p{Lu}[\\p{L}’'.-]+(?:\\s(?:\\p{Lu}[\\p{L}’'.-]+|upon|on|sur|de|la|am|an der)){0,3}`;

/** Number, name, kind of street, then perhaps a flat, a town and a code. */
const ENGLISH = new RegExp(
  `(?<![\\w.,:/-])\\d{1,5}[A-Za-z]?(?:-\\d{1,4})?\\s(?:[NSEW]{1,2}\\.?\\s)?(?:(?:${WORD}|\\d{1,3}(?:st|nd|rd|th))\\s){1,3}` +
    "(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Way|Parkway|Pkwy|Circle|Cir|Close|Crescent|Cres|Mews|Highway|Hwy|Grove|Gardens|Gdns|Row|Hill|Walk|Trail|Trl|Green|Park)(?![\\p{L}\\p{N}])\\.?" +
    `(?:,?\\s(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Room|#)\\.?\\s?\\w{1,5}(?!\\w))?` +
    `(?:,\\s${CITY},?\\s(?:[A-Z]{2}\\s\\d{5}(?:-\\d{4})?|${UK_POSTCODE})(?!\\w)|,\\s(?:[A-Z]{2}\\s\\d{5}|${UK_POSTCODE})(?!\\w))?`,
  "gu",
);
const PO_BOX = /(?<!\w)P\.?\s?O\.?\s?Box\s\d{1,6}(?!\w)/gi;

const GERMAN_NUMBER = `\\s\\d{1,4}(?:\\s?[a-h](?![\\p{L}\\p{N}]))?(?:\\s?[-/]\\s?\\d{1,4}[a-h]?(?![\\p{L}\\p{N}]))?(?![\\p{L}\\p{N}%€]|[.,:]\\d|\\s(?:Uhr|Minuten|Stunden|Tage|Prozent|Euro|€|%|km|m)(?!\\p{L}))`;
const GERMAN_TOWN = `(?:,?\\s(?:D-)?\\d{5}\\s${CITY})`;
const GERMAN = new RegExp(
  `(?<![\\p{L}\\p{N}-])(?:\\p{Lu}[\\p{L}-]+(?:straße|strasse|str\\.|gasse|allee|platz|weg|damm|ufer|chaussee|stieg)|(?:\\p{Lu}[\\p{L}.-]+[ -]){1,3}(?:Straße|Strasse|Str\\.|Allee|Platz|Weg|Gasse|Ring|Damm|Ufer|Chaussee))${GERMAN_NUMBER}${GERMAN_TOWN}?`,
  "gu",
);
/** Words for places that have a number and no address. */
const NOT_A_STREET = /^(?:Arbeits|Park|Stell|Sitz|Steh|Spiel|Speicher|Lade|Liege|Schlaf|Studien|Tabellen|Zelt|Bau|Liefer|Um|Heim|Rück|Hin|Aus|Rad|Fuß|Geh|Rechts|Dienst|Schul|Lebens|Lösungs|Signal|Daten|Über|Ab|Milch)(?:platz|weg|straße|ufer|damm)(?!\p{L})/u;
/** Am Markt 3 and Unter den Linden 5 are streets where a postal code follows or the words before speak of an address. */
const GERMAN_PLACE = new RegExp(
  `(?<![\\p{L}\\p{N}-])(?:Am|An der|An den|Auf der|Auf dem|Im|In der|Unter den|Zum|Zur|Vor dem|Hinter der)(?:\\s\\p{Lu}[\\p{L}-]+){1,2}${GERMAN_NUMBER}(${GERMAN_TOWN})?`,
  "gu",
);
const ADDRESS_BEFORE = /(?:adresse|anschrift|termin in der|wohn(?:e|t|en|haft)|lieferung an|geliefert|address|direcci[oó]n|domicil|ship(?:ped)? to|deliver(?:ed)? to|liv(?:e|es|ing) at)[\s\p{L}:,]{0,20}$/iu;

/** Kinds of streets as people write them: with a small letter or a capital. */
const eitherCase = (words: string): string => words.replace(/(?<=^|\|)\p{L}/gu, (letter) => `[${letter.toUpperCase()}${letter}]`);
const FRENCH_STREETS = eitherCase("rue|avenue|av\\.|boulevard|bd\\.?|place|chemin|allée|impasse|quai|cours|route|square|passage|faubourg|sentier|ruelle|villa");
const FRENCH_NAME = "(?:(?:de la|de|du|des|la|le|les)\\s)?(?:de l[’']|d[’']|l[’'])?(?:\\p{Lu}[\\p{L}’'-]*|\\d{1,2}\\s\\p{L}+)(?:\\s(?:(?:de|du|des|la|le|et)\\s){0,2}\\p{Lu}[\\p{L}’'-]*){0,3}";
const FRENCH = new RegExp(
  `(?<![\\p{L}\\p{N}.,:/-])\\d{1,4}(?:\\s?(?:bis|ter|quater|[A-D])(?!\\p{L}))?,?\\s(?:${FRENCH_STREETS})\\s${FRENCH_NAME}(?:,?\\s\\d{5}\\s${CITY})?`,
  "gu",
);
const SPANISH_STREETS = eitherCase("calle|c/|avenida|avda\\.?|av\\.|plaza|pza\\.?|paseo|pº|camino|carretera|ctra\\.?|ronda|travesía|glorieta");
const SPANISH = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${SPANISH_STREETS})\\s?(?:(?:de la|de los|de las|del|de|la|el|los|las)\\s)?\\p{Lu}[\\p{L}-]*(?:\\s(?:(?:de la|de los|del|de|la|y)\\s)?\\p{Lu}[\\p{L}-]*){0,3}` +
    `,?\\s(?:n(?:[.º°]|[úu]m\\.?)+\\s?)?\\d{1,4}(?![\\p{L}\\p{N}]|[.,:]\\d)(?:,?\\s\\d{1,2}\\s?[ºª°](?:\\s?[A-Z](?!\\p{L}))?)?(?:,?\\s\\d{5}\\s${CITY})?`,
  "gu",
);

/** A code alone is an address only where the words before say that it is one. */
const POSTAL_CODE = new RegExp(
  `(?<=(?:zip(?: ?code)?|post ?code|postal code|plz|postleitzahl|code postal|c[oó]digo postal|c\\.?p\\.)[\\s:=]{1,3}(?:is\\s|ist\\s)?)(?:${UK_POSTCODE}|[A-Z]\\d[A-Z]\\s?\\d[A-Z]\\d|\\d{5}(?:-\\d{4})?)(?![\\w-])`,
  "gi",
);

/**
 * Street addresses in English, German, French and Spanish order, with the town and postal code that follow; PO boxes; postal
 * codes that are called so.
 *
 * Missed: addresses in lower case, without a number, in other languages, towns and regions alone. Taken with them: names
 * of things that read like a street with a number ("10 Downing Street" the newspaper headline).
 */
export function* addresses(text: string): Generator<Span> {
  if (!/\d/.test(text)) return;
  for (const pattern of [ENGLISH, PO_BOX, FRENCH, SPANISH, POSTAL_CODE]) for (const match of text.matchAll(pattern)) yield whole(match);
  for (const match of text.matchAll(GERMAN)) if (!NOT_A_STREET.test(match[0])) yield whole(match);
  for (const match of text.matchAll(GERMAN_PLACE)) {
    if (match[1] || ADDRESS_BEFORE.test(text.slice(Math.max(0, match.index - 40), match.index))) yield whole(match);
  }
}
