/** Answers in words, held against a rubric. */
import { kindOf, notBlank, type Checks, type OwnMisconceptions } from "./answer.js";

/** One thing that a text must have. */
export interface Criterion {
  name: string;
  /** What the text is asked for, in a short clause: "names the break-even". */
  asks: string;
  holds: (text: string) => boolean | Promise<boolean>;
  /** Said to a text that lacks it: what is missing, and why a reader needs it. */
  tell: string;
}

export interface TextSpec extends OwnMisconceptions<string> {
  /** In the order in which they are told. */
  rubric: readonly Criterion[];
  /** How many of them must hold. Default all. */
  pass?: number;
}

/**
 * An answer in words. Each criterion that a text can miss is a misconception of its own, named as the criterion: the first
 * that is missed is told. A blank text is a stub.
 *
 * @throws RangeError for an empty rubric, or a `pass` beyond it
 */
export function textAnswer({ rubric, pass = rubric.length, misconceptions = [] }: TextSpec): Checks<string> {
  if (rubric.length === 0) throw new RangeError("rubric: needs at least one criterion");
  if (!Number.isInteger(pass) || pass < 1 || pass > rubric.length) throw new RangeError(`pass: ${pass} of ${rubric.length} criteria cannot be asked for`);
  const missed = async (text: string): Promise<Criterion[]> => {
    const lacking: Criterion[] = [];
    for (const criterion of rubric) if (!(await criterion.holds(text))) lacking.push(criterion);
    return lacking;
  };
  return {
    kind: "text",
    fault: async (answer: unknown) => {
      if (typeof answer !== "string") return `Write a text; this is ${kindOf(answer)}.`;
      notBlank(answer);
      const lacking = await missed(answer);
      const has = rubric.length - lacking.length;
      if (has >= pass) return undefined;
      return `${has} of ${rubric.length} points are there. It should be a text that ${lacking.map(({ asks }) => asks).join("; that ")}.`;
    },
    misconceptions: [
      ...misconceptions,
      ...rubric.map(({ name, tell }) => ({ name, message: tell, matches: async (text: string) => (await missed(text))[0]?.name === name })),
    ],
  };
}
