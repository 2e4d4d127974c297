/** Strings of a fixed form, as rules. Each lets through a part of what JSON schema's format of the name does, and zod's. */

const DAY_OF_31 = String.raw`("0" [13578] | "1" [02]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])`;
const DAY_OF_30 = String.raw`("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30")`;
const DAY_OF_28 = String.raw`"02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])`;
/** Years that are a multiple of 4, but of 100 only where also of 400. */
const LEAP_YEAR = String.raw`([0-9] [0-9] ("0" [48] | [2468] [048] | [13579] [26]) | ([02468] [048] | [13579] [26]) "00")`;
const DATE = String.raw`([0-9]{4} "-" (${DAY_OF_31} | ${DAY_OF_30} | ${DAY_OF_28}) | ${LEAP_YEAR} "-02-29")`;
const TIME = String.raw`([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{1,6})?`;
const HEX = "[0-9a-f]";

export const FORMATS = {
  date: String.raw`"\"" ${DATE} "\""`,
  "date-time": String.raw`"\"" ${DATE} "T" ${TIME} "Z" "\""`,
  uuid: String.raw`"\"" ${HEX}{8} "-" ${HEX}{4} "-" [1-8] ${HEX}{3} "-" [89ab] ${HEX}{3} "-" ${HEX}{12} "\""`,
} as const;
export type Format = keyof typeof FORMATS;
