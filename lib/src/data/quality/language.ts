import { wordsOf } from "./words.js";

/**
 * Language identification for short chat, by script and by function words.
 *
 * Function words are the most frequent words of a language and say little else (Ingle 1976; Grefenstette 1995,
 * "Comparing two language identification schemes", found them as good as trigrams from about 15 words on). For turns of
 * five words full of names, trigram detectors do worse: of 668 English user turns of the Task API, franc-min 6.2.0 calls
 * 36 foreign, tinyld 1.3.4 21. eld 2.1.0 calls none so and knows 60 languages, but has no entry that a CommonJS library
 * could load without waiting, which a rule cannot. A text with too few function words is `unknown` rather than guessed.
 */

/** Languages told apart by function words; letters of another script than Latin tell the script's family alone. */
export const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Words of each list that another list has too count for both, so they decide nothing. */
const STOP_WORDS: Readonly<Record<Language, ReadonlySet<string>>> = {
  en: list("the a an and or of to in on for with is are was were be been it its this that these those i you he she we they my your his her our their me him us them not no do does did have has had will would can could should what which who when where how if but so as at by from up out about there here all any some please i'm i've i'd it's don't can't that's now just done new"),
  de: list("der die das den dem des ein eine einen einem einer und oder von zu im in am an auf für mit ist sind war wird werden es dieser diese dieses ich du er sie wir ihr mein meine dein deine mir mich dir dich uns nicht kein keine hat habe haben hast kann kannst wird was wer wann wo wie wenn aber so als bei aus auch noch bis bitte zum zur über nach dass"),
  fr: list("le la les un une des du de et ou à au aux en dans sur pour avec est sont était ce cette ces je tu il elle nous vous ils elles mon ma mes ton ta tes son sa ses votre vos notre me te se ne pas que qui quoi quand où comment si mais plus j'ai c'est qu'est-ce ai a avez aujourd'hui d'accord l'ai"),
  es: list("el la los las un una unos unas de del y o a al en con por para es son era este esta estos estas yo tú él ella nosotros mi mis tu tus su sus me te se no que qué quién cuándo dónde cómo si pero más he has ha lo le les está hay tengo tienes"),
  it: list("il lo la i gli le un uno una di del della dei e o a al alla in nel con su per è sono era questo questa questi io tu lui lei noi voi mio mia tuo tua mi ti si non che chi quando dove come se ma più ho hai ha cosa quella quello"),
  pt: list("o a os as um uma uns umas de do da dos das e ou ao à em no na nos nas com por para é são era este esta isto eu tu ele ela nós meu minha teu tua seu sua me te se não que quem quando onde como mas mais tenho tens foi está"),
  nl: list("de het een en of van naar te in op voor met is zijn was waren dit dat deze die ik jij je hij zij ze wij we mijn jouw uw me mij ons niet geen heb hebt heeft kan kun wat wie wanneer waar hoe als maar zo bij uit ook nog om er aan moet"),
  pl: list("i oraz lub w we z ze na do od dla o po przy jest są był była to ten ta te ja ty on ona my wy oni mój moja twój mnie mi ci się nie tak co kto kiedy gdzie jak jeśli ale czy już masz mam że"),
  sv: list("en ett den det de och eller av till i på för med är var att som jag du han hon vi ni min mitt din ditt mig dig oss inte ingen har hade kan ska vad vem när var hur om men så vid ur också från"),
  tr: list("bir ve veya ile için bu şu o ben sen biz siz benim senin mi mı mu mü değil ne kim nerede nasıl eğer ama daha çok var yok de da ki gibi olarak"),
};

function list(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

/** What a text is written in, as far as its words tell. */
export interface LanguageGuess {
  /** ISO 639-1, `unknown`, or the name of a script that this list has no language for (`Cyrillic`). */
  language: Language | "unknown" | (string & {});
  /** Share of the words that are function words of that language; of the letters, for a script. */
  share: number;
  /** Words looked at. */
  words: number;
}

const SCRIPTS = ["Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Telugu", "Thai", "Georgian", "Armenian", "Hangul", "Hiragana", "Katakana", "Han"] as const;
const SCRIPT_PATTERNS = SCRIPTS.map((script) => [script, new RegExp(`\\p{Script=${script}}`, "gu")] as const);

/** Words that carry no sign of a language are common in chat: below this share nothing is said. */
const LEAST_SHARE = 0.12;

/**
 * Guesses the language of a text.
 *
 * Limits: ten languages in Latin script, the others read as `unknown`; close relatives (Norwegian, Danish) read as
 * Swedish or `unknown`. Code and lists of names are `unknown`.
 */
export function guessLanguage(text: string): LanguageGuess {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return { language: "unknown", share: 0, words: 0 };
  for (const [script, pattern] of SCRIPT_PATTERNS) {
    const share = (text.match(pattern)?.length ?? 0) / letters;
    if (share > 0.3) return { language: script, share, words: letters };
  }
  const words = wordsOf(text).filter((word) => !/^\d+$/.test(word));
  if (words.length === 0) return { language: "unknown", share: 0, words: 0 };
  const hits = LANGUAGES.map((language) => ({ language, hits: words.filter((word) => STOP_WORDS[language].has(word)).length })).sort((a, b) => b.hits - a.hits);
  const [best, second] = hits;
  if (!best || best.hits === (second?.hits ?? 0) || best.hits / words.length < LEAST_SHARE) return { language: "unknown", share: (best?.hits ?? 0) / words.length, words: words.length };
  return { language: best.language, share: best.hits / words.length, words: words.length };
}

/** The share of a text's words that are function words of a language. */
export function functionWordShare(text: string, language: Language): number {
  const words = wordsOf(text).filter((word) => !/^\d+$/.test(word));
  return words.length === 0 ? 0 : words.filter((word) => STOP_WORDS[language].has(word)).length / words.length;
}
