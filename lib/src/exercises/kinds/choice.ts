/** Answers that are one name, or several, of a few. */
import type { Misconception } from "../../course/check.js";
import { kindOf, notBlank, sayValue, type Checks, type OwnMisconceptions } from "./answer.js";

export interface Option {
  /** The option in words, as the student reads it. */
  says: string;
  /**
   * Why it is wrong. Every wrong option needs it. Of a right one, among several: what is missed by whoever leaves it out.
   */
  why?: string;
}
export type Options = Readonly<Record<string, Option>>;

interface ChoiceSpec<All extends Options, Answer> extends OwnMisconceptions<Answer> {
  options: All;
}

type Name<All> = keyof All & string;

/**
 * An answer that is one of several names, or some of them. Each wrong option is a misconception of its own, named as the
 * option; where several are right, so is each right one that has a `why` and is left out ("without NAME").
 *
 * @throws RangeError for a right name that is no option, and for a wrong option that does not say why
 */
export function choiceAnswer<const All extends Options>(spec: ChoiceSpec<All, Name<All>> & { right: Name<All> }): Checks<Name<All>>;
export function choiceAnswer<const All extends Options>(spec: ChoiceSpec<All, readonly Name<All>[]> & { right: readonly Name<All>[] }): Checks<readonly Name<All>[]>;
export function choiceAnswer<Answer extends string | readonly string[]>({ options, right, misconceptions = [] }: ChoiceSpec<Options, Answer> & { right: string | readonly string[] }): Checks<Answer> {
  const several = typeof right !== "string";
  const rights: readonly string[] = typeof right === "string" ? [right] : right;
  const names = Object.keys(options);
  if (rights.length === 0) throw new RangeError("right: name at least one option");
  for (const name of rights) if (!names.includes(name)) throw new RangeError(`right: "${name}" is none of the options ${names.join(", ")}`);
  for (const name of names) {
    if (!rights.includes(name) && !options[name]?.why) throw new RangeError(`options.${name}.why: say why this option is wrong; a student who takes it should read more than that it is`);
  }
  const chosen = (answer: unknown): string[] => [...new Set((Array.isArray(answer) ? answer : [answer]).map((name) => String(name).trim()))];
  const say = (name: string) => `${name} (${options[name]?.says ?? ""})`;
  const wrong = names.filter((name) => !rights.includes(name)).map((name): Misconception<Answer> => ({
    name, matches: (answer) => Array.isArray(answer) === several && chosen(answer).includes(name), message: options[name]?.why ?? "",
  }));
  const missed = (several ? rights : []).flatMap((name): Misconception<Answer>[] => {
    const why = options[name]?.why;
    return why === undefined ? [] : [{ name: `without ${name}`, matches: (answer) => Array.isArray(answer) && chosen(answer).every((one) => names.includes(one)) && !chosen(answer).includes(name), message: why }];
  });
  return {
    kind: "choice",
    fault: (answer: unknown) => {
      if (typeof answer === "string") notBlank(answer);
      if (Array.isArray(answer)) notBlank(answer.join(""));
      if (several !== Array.isArray(answer)) return several ? `Give a list of names; this is ${kindOf(answer)}.` : `Give one name; this is ${kindOf(answer)}.`;
      const given = chosen(answer);
      const unknown = given.find((name) => !names.includes(name));
      if (unknown !== undefined) return `${sayValue(unknown)} is none of the options: ${names.map(say).join(", ")}.`;
      const taken = given.find((name) => !rights.includes(name));
      if (taken !== undefined) return `${say(taken)} does not belong there. ${options[taken]?.why ?? ""}`;
      const left = rights.filter((name) => !given.includes(name));
      if (left.length > 0) return `What you chose is right, and ${left.length === 1 ? "one is" : `${left.length} are`} missing.`;
      return undefined;
    },
    misconceptions: [...misconceptions, ...wrong, ...missed],
  };
}
