/** How much of a persona a reply shows, by marks that a program finds. */
import { wilson, type Proportion } from "../teacher/statistics.js";
import { compileMarkers, countWords, sentencesOf, withoutTitles } from "./markers.js";
import type { PersonaSpec, Trait } from "./spec.js";

/** What the marks say of one reply. */
export interface PersonaScore {
  /** Trait to whether it shows. */
  traits: Record<string, boolean>;
  /** Prohibitions that it breaks. */
  broken: string[];
  words: number;
  tooLong: boolean;
  /** Share of the traits that show, 0 to 1. */
  share: number;
  /** All traits show, nothing is broken, and it is not too long. */
  adheres: boolean;
}

export type PersonaScorer = (reply: string, said?: readonly string[]) => PersonaScore;

function traitReader({ where, shows, spoils }: Trait): (sentences: readonly string[]) => boolean {
  const shown = compileMarkers(shows), spoilt = compileMarkers(spoils);
  return (sentences) => {
    const text = sentences.join(" ");
    if (spoilt?.test(text)) return false;
    if (shown === undefined) return text !== "";
    const [opening, close] = [sentences[0] ?? "", sentences.at(-1) ?? ""];
    return shown.test(where === "opening" ? opening : where === "close" ? close : text);
  };
}

/**
 * A function that scores replies by a persona's marks. Titles and dates (`said`, and all that stands in quotes) are taken out
 * before it looks. An empty reply shows no trait.
 */
export function personaScorer({ traits, prohibitions, maxWords }: PersonaSpec): PersonaScorer {
  const readers = traits.map((trait) => [trait.id, traitReader(trait)] as const);
  const forbidden = prohibitions.map(({ id, found }) => [id, compileMarkers(found)] as const);
  return (reply, said = []) => {
    const bare = withoutTitles(reply, said), sentences = sentencesOf(bare);
    const shown = Object.fromEntries(readers.map(([id, shows]) => [id, shows(sentences)]));
    const broken = forbidden.filter(([, found]) => found?.test(bare)).map(([id]) => id);
    const words = countWords(reply), tooLong = words > maxWords;
    const count = Object.values(shown).filter(Boolean).length;
    return { traits: shown, broken, words, tooLong, share: count / readers.length, adheres: count === readers.length && broken.length === 0 && !tooLong };
  };
}

/** {@link personaScorer} of one reply. */
export function scorePersona(persona: PersonaSpec, reply: string, said: readonly string[] = []): PersonaScore {
  return personaScorer(persona)(reply, said);
}

/** Shares over many replies, each with its 95 % interval. */
export interface Adherence {
  traits: Record<string, Proportion>;
  /** Replies that keep all prohibitions and the length. */
  kept: Proportion;
  /** Replies that adhere: all traits, nothing broken. */
  all: Proportion;
}

/** Adds up the scores of many replies. */
export function adherenceOf(persona: PersonaSpec, scores: readonly PersonaScore[]): Adherence {
  const share = (test: (score: PersonaScore) => boolean): Proportion => wilson(scores.filter(test).length, scores.length);
  return {
    traits: Object.fromEntries(persona.traits.map(({ id }) => [id, share(({ traits }) => traits[id] === true)])),
    kept: share(({ broken, tooLong }) => broken.length === 0 && !tooLong),
    all: share(({ adheres }) => adheres),
  };
}
