import { ofGroup, type Span } from "./kinds.js";

const WORD = "\\p{Lu}[\\p{L}’'-]*\\p{L}";
const PARTICLE = "(?:de la|de las|de los|de|del|della|di|da|dos|du|von der|von|vom|van der|van den|van|zu|bin|al|el|ben|le|la)";
const NAME = `(?:${PARTICLE}\\s)?${WORD}(?:-${WORD})?`;
const FULL_NAME = `${NAME}(?:\\s(?:\\p{Lu}\\.\\s)?${NAME}){0,3}`;
const TWO_NAMES = `${WORD}(?:\\s(?:\\p{Lu}\\.\\s)?${NAME}){1,3}`;
/** After a name: no letter may go on. */
const END = "(?![\\p{L}\\p{N}])";

/** Sentences in which people say who they are. */
const INTRODUCED = new RegExp(
  "(?<!\\p{L})(?:[Mm]y (?:full |real )?name(?: is|[’']s)|I am called|[Mm]ein (?:vollständiger )?Name (?:ist|lautet)|[Ii]ch heiße|[Jj]e m[’']appelle|[Mm]on nom (?:est|complet est)|[Mm]e llamo|[Mm]i nombre es|[Mm]i chiamo|[Mm]eu nome é|[Mm]ijn naam is|[Nn]azywam się|[Mm]era naam)" +
    `\\s(${FULL_NAME})${END}`,
  "gu",
);
const SPEAKING = new RegExp(`(?<!\\p{L})(?:[Tt]his is\\s(${TWO_NAMES})${END}(?=\\s(?:from|speaking|here|calling|at|with|again))|(${TWO_NAMES})(?=\\s(?:speaking|am Apparat|à l[’']appareil)${END}))`, "gu");

/** Forms of address. The title stays, the name goes. */
const TITLED = new RegExp(
  "(?<![\\p{L}\\p{N}])(?:(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Herrn?|Frau|Monsieur|Madame|Mademoiselle|Mme|Mlle|MM?\\.|Señora?|Señorita|Sra?|Srta|Signora?|Senhora?|Doña|Pani?|Mevrouw|Meneer)\\.?\\s(?:(?:Dr|Prof)\\.?\\s){0,2})" +
    `(${FULL_NAME})${END}`,
  "gu",
);
const NOT_A_NAME = /^(?:President|Präsident|Président|Presidente|Chair(?:man|woman|person)?|Speaker|Minister|Ministre|Ambassador|Secretary|Mayor|Director|Directeur|Right|Wrong|Universe|Monsieur|Madame|und|and|et|y)(?!\p{L})/u;

/** A line of its own after a closing formula. */
const SIGNED = new RegExp(
  "(?<=(?:^|\\n)[^\\n]{0,30}(?:[Rr]egards|[Ss]incerely|[Ff]aithfully|[Cc]heers|[Tt]hanks|[Tt]hank you|[Bb]est wishes|[Bb]est|[Gg]rüßen?|[Gg]ruß|[Cc]ordialement|[Ss]alutations|[Bb]ien à (?:vous|toi)|[Aa]mitiés|[Ss]aludos?|[Aa]tentamente|[Cc]ordialmente|[Gg]roet(?:en|jes)?|[Ss]aluti)[,.!]?\\n{1,2}[ \\t]*)" +
    `(${FULL_NAME})${END}(?=[ \\t]*(?:\\n|$))`,
  "gu",
);

/** Fields of forms. `Name` alone also names tasks and files: two capitalised words, and nothing after them. */
const FIELD = new RegExp(
  "(?<=(?:^|[\\n{,|;])\\s*[\"']?(?:[Ff]ull[ _]?[Nn]ame|[Nn]ame|[Cc]ustomer(?:[ _][Nn]ame)?|[Pp]atient(?:[ _][Nn]ame)?|[Aa]pplicant|[Cc]ontact(?:[ _][Nn]ame)?|[Pp]assenger|[Nn]om(?: complet)?|[Nn]ombre(?: completo)?)[\"']?\\s?[:=]\\s?[\"']?)" +
    `(${TWO_NAMES})${END}(?=["']?\\s*(?:[\\n,|;}]|$))`,
  "gu",
);

/**
 * Names of people, only where the words around them say so: introductions, forms of address, signatures, fields of forms.
 *
 * A name elsewhere ("ask Grace about it") is missed: rules cannot tell it from other capitalised words; a model can, see
 * `openNer`. Characters of fiction with a title, and institutions named after people, are taken for people.
 */
export function* persons(text: string): Generator<Span> {
  for (const pattern of [INTRODUCED, SPEAKING, TITLED, SIGNED, FIELD]) {
    for (const match of text.matchAll(pattern)) {
      const name = match[1] ?? match[2] ?? "";
      if (!NOT_A_NAME.test(name)) yield ofGroup(match, name);
    }
  }
}
