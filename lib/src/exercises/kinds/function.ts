/** Answers that are a function, tried on cases. */
import { StubError, type Misconception } from "../../course/check.js";
import { kindOf, sayValue, type Checks, type OwnMisconceptions } from "./answer.js";
import { sameResult, sameValue } from "./same.js";

interface Given<Arguments extends readonly unknown[]> {
  /** What the case is, in a sentence: "three tokens of width 2". Default: the arguments themselves. */
  name?: string;
  given: Arguments;
}
export interface FunctionCase<Arguments extends readonly unknown[], Result> extends Given<Arguments> {
  expected: Result;
}

type Anything = (...given: never[]) => unknown;
type Result<Answer extends Anything> = Awaited<ReturnType<Answer>>;

/** A mistake that is told by what it computes: a function that makes it. */
export interface MistakenFunction<Answer extends Anything> {
  name: string;
  /** Gives in every case what an answer with this mistake gives; several where it comes in several shapes. */
  gives: Answer | readonly Answer[];
  message: string;
}

interface FunctionOptions<Answer extends Anything> extends OwnMisconceptions<Answer> {
  /** Mistakes told by their results, looked for in this order, after `misconceptions`. */
  mistakes?: readonly MistakenFunction<Answer>[];
  /** Whether two results are the same. Default: deep, without the order of keys, numbers to a millionth. */
  same?: (given: unknown, expected: Result<Answer>) => boolean;
  /** A result in a message. */
  say?: (value: unknown) => string;
  /** The fault of a wrong result, where it is better put in the exercise's own words. */
  tell?: (given: Parameters<Answer>, result: unknown, expected: Result<Answer>) => string;
  /** How long an asynchronous function may take for a case, in seconds. Default 10. */
  seconds?: number;
}

/** Cases with what each should give, or cases and a function that is right. */
export type FunctionSpec<Answer extends Anything> = FunctionOptions<Answer> &
  ({ cases: readonly FunctionCase<Parameters<Answer>, Result<Answer>>[]; right?: undefined } | { cases: readonly Given<Parameters<Answer>>[]; right: Answer });

/**
 * An answer that is a function. Told is the first case that fails, with what was given and what came back. Every case gets
 * its own copy of the arguments; a function that changes them is told so, and an asynchronous one is awaited.
 */
export function functionAnswer<Answer extends Anything>(spec: FunctionSpec<Answer>): Checks<Answer> {
  const { cases, right, same = sameResult, say = sayValue, tell, seconds = 10, misconceptions = [], mistakes = [] } = spec;
  const run = async (answer: Answer, given: Parameters<Answer>) => {
    const mine = copyOf(given);
    const result = await withinSeconds((answer as (...all: Parameters<Answer>) => unknown)(...mine), seconds);
    return { result, changed: mine.findIndex((value, at) => !sameValue(value, given[at])) };
  };
  const expectedOf = async (one: Given<Parameters<Answer>>): Promise<Result<Answer>> =>
    (right ? (await run(right, one.given)).result : (one as FunctionCase<Parameters<Answer>, Result<Answer>>).expected) as Result<Answer>;
  const gives = (mistaken: Answer) => async (answer: Answer): Promise<boolean> => {
    for (const { given } of cases) {
      if (!same((await run(answer, given)).result, (await run(mistaken, given)).result as Result<Answer>)) return false;
    }
    return true;
  };
  return {
    kind: "function",
    fault: async (answer: unknown) => {
      if (typeof answer !== "function") return `Give the function itself; this is ${kindOf(answer)}${isPromise(answer) ? ", a promise: leave out the call" : ""}.`;
      for (const one of cases) {
        const expected = await expectedOf(one);
        const name = one.name ?? `the arguments ${one.given.map((value) => sayValue(value, 60)).join(", ")}`;
        let outcome: Awaited<ReturnType<typeof run>>;
        try {
          outcome = await run(answer as Answer, one.given);
        } catch (error) {
          if (error instanceof Error && error.name === "StubError") throw new StubError();
          return `For ${name} your function threw ${String(error)}; it should give ${say(expected)}.`;
        }
        if (!same(outcome.result, expected)) {
          if (tell) return tell(one.given, outcome.result, expected);
          if (outcome.result === undefined) return `For ${name} your function gives nothing; it should give ${say(expected)}. Is a return missing?`;
          return `For ${name} your function gives ${say(outcome.result)}; it should give ${say(expected)}.`;
        }
        if (outcome.changed >= 0) return `For ${name} the result is right, but your function changed its ${ORDINALS[outcome.changed] ?? "last"} argument, which others still use. Make a new value.`;
      }
      return undefined;
    },
    misconceptions: [
      ...misconceptions,
      ...mistakes.map(({ name, gives: mistaken, message }): Misconception<Answer> => ({
        name, message,
        matches: async (answer) => {
          for (const one of typeof mistaken === "function" ? [mistaken] : mistaken) if (await gives(one)(answer)) return true;
          return false;
        },
      })),
    ],
  };
}

const ORDINALS = ["first", "second", "third", "fourth"];

/** A copy of each argument. What cannot be copied (a function, an open file) is handed over as it is. */
function copyOf<Arguments extends readonly unknown[]>(given: Arguments): Arguments {
  return given.map((value): unknown => {
    try {
      return structuredClone(value);
    } catch {
      return value;
    }
  }) as unknown as Arguments;
}

/** Of whatever kind: a cell, or a library that it uses, may have a promise class of its own. */
const isPromise = (value: unknown): value is PromiseLike<unknown> => typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

async function withinSeconds(result: unknown, seconds: number): Promise<unknown> {
  if (!isPromise(result)) return result;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s: is an await missing, or a promise never resolved?`)), seconds * 1000);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
