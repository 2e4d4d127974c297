/** An exam of a persona: is it there, and is what the replies say still right? */
import { adherenceOf, isTaskRight, personaScorer, repeatedOf, replyOf, type Adherence, type PersonaRow, type PersonaScore, type PersonaSpec } from "../persona/index.js";
import { wilson, type Proportion } from "../teacher/statistics.js";

/** A row of the exam, what was answered, and what is to be said of it. */
export interface ExaminedReply {
  row: PersonaRow;
  reply: string;
  score: PersonaScore;
  /** Whether the right operation and the right title are confirmed; null where the row has no call. */
  right: boolean | null;
}

export interface PersonaExam {
  of: number;
  /** By trait, what is forbidden and too long, and all of it together: a reply adheres when every trait shows and nothing is broken. */
  adherence: Adherence;
  /** Task accuracy, of the rows with a call. */
  task: Proportion;
  replies: ExaminedReply[];
}

/**
 * Scores replies to the requests of rows by a persona's marks, and by what the rows' calls did. The rows may be of another persona: the same
 * requests show how much of the style a model has without being asked.
 *
 * @throws RangeError when there are not as many replies as rows, or none
 */
export function examinePersona(persona: PersonaSpec, rows: readonly PersonaRow[], replies: readonly string[]): PersonaExam {
  if (rows.length !== replies.length) throw new RangeError(`${replies.length} replies to ${rows.length} rows`);
  if (rows.length === 0) throw new RangeError("there is nothing to examine: give at least one row");
  const score = personaScorer(persona);
  const examined = rows.map((row, at): ExaminedReply => {
    const reply = replies[at] as string;
    return { row, reply, score: score(reply, repeatedOf(row)), right: row.call === null ? null : isTaskRight(reply, row.call) };
  });
  const tasks = examined.filter(({ right }) => right !== null);
  return {
    of: rows.length, adherence: adherenceOf(persona, examined.map((one) => one.score)),
    task: wilson(tasks.filter(({ right }) => right).length, tasks.length), replies: examined,
  };
}

/** {@link examinePersona} of the replies that the rows themselves have: what the data would get. */
export const examineRows = (persona: PersonaSpec, rows: readonly PersonaRow[]): PersonaExam => examinePersona(persona, rows, rows.map(replyOf));

/** The persona whose traits all show, with nothing broken; "none" where none does, "several" where a reply could be of more than one. */
export type Recognised = string;

/**
 * Tells by the marks alone which persona speaks. Prompts and names of personas play no part. A persona that shows only by what is absent, as
 * the neutral one, is recognised where no other is: a level report of the analyst is a level report too.
 */
export function personaRecogniser(personas: readonly PersonaSpec[]): (reply: string, said?: readonly string[]) => Recognised {
  const scorers = personas.map((persona) => ({ id: persona.id, shows: persona.traits.some(({ shows }) => shows.length > 0), score: personaScorer(persona) }));
  return (reply, said = []) => {
    const all = scorers.filter(({ score }) => score(reply, said).adheres), shown = all.filter(({ shows }) => shows);
    const found = (shown.length > 0 ? shown : all).map(({ id }) => id);
    return found.length === 1 ? (found[0] as string) : found.length === 0 ? "none" : "several";
  };
}

/** One line of a confusion table: a persona that was asked for, and how often each was recognised. */
export interface ConfusionLine {
  asked: string;
  of: number;
  /** By persona, and "none" and "several". */
  recognised: Record<string, number>;
  /** As asked. */
  own: Proportion;
  /** Another persona in its place: leakage. "none" and "several" are no leakage; they are no success either. */
  leaked: Proportion;
}

/** Adds up asked against recognised personas. */
export function confusionOf(personas: readonly string[], pairs: readonly { asked: string; recognised: Recognised }[]): ConfusionLine[] {
  const columns = [...personas, "several", "none"];
  return personas.map((asked) => {
    const mine = pairs.filter((pair) => pair.asked === asked);
    const recognised = Object.fromEntries(columns.map((column) => [column, mine.filter((pair) => pair.recognised === column).length]));
    const others = personas.filter((other) => other !== asked).reduce((sum, other) => sum + (recognised[other] ?? 0), 0);
    return { asked, of: mine.length, recognised, own: wilson(recognised[asked] ?? 0, mine.length), leaked: wilson(others, mine.length) };
  });
}
