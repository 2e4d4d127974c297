/** Whether answers are calls, of the right operation, with the right arguments. */
import { wilson, type Proportion } from "../teacher/statistics.js";
import { TASK_TOOLS, type TaskCall } from "./task-calls.js";
import { parseCalls } from "./tool-calls/parse.js";

const NAMES = new Set(TASK_TOOLS.map(({ function: { name } }) => name));

/** A call as a model wrote it. */
export interface WrittenCall {
  name: string;
  parameters: Record<string, unknown>;
}

/** The one call that an answer is, or undefined where it is no call, several, or names no tool there is. */
export function parseCall(answer: string): WrittenCall | undefined {
  const parsed = parseCalls(answer);
  const [call, ...more] = parsed.kind === "calls" && parsed.form === "llama" ? parsed.calls : [];
  return call && more.length === 0 && NAMES.has(call.name) ? { name: call.name, parameters: { ...call.arguments } } : undefined;
}

/** What is compared of an argument: without case, an article or pronoun in front, quotes around, or a full stop behind. */
function plain(value: unknown): string {
  const text = String(value).toLowerCase().replaceAll("’", "'").replace(/^[\s.!?"'“”‘’]+|[\s.!?"'“”‘’]+$/gu, "");
  return text.replace(/^(the|a|an|my|our|this|that) /, "");
}

/** Whether two calls have the same arguments, all of them and no others. */
export function sameArguments(found: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(wanted);
  return Object.keys(found).length === keys.length && keys.every((key) => Object.hasOwn(found, key) && plain(found[key]) === plain(wanted[key]));
}

/** How an answer fails, the first of what is asked of it; undefined for a right one. */
export type CallFault = "no call" | "wrong operation" | "wrong arguments";

export function faultOf(answer: string, wanted: TaskCall): CallFault | undefined {
  const call = parseCall(answer);
  if (!call) return "no call";
  if (call.name !== wanted.name) return "wrong operation";
  return sameArguments(call.parameters, wanted.parameters) ? undefined : "wrong arguments";
}

/** Shares of answers, each with its 95 % interval. */
export interface CallScore {
  of: number;
  /** Answers that are a call of a tool there is. */
  valid: Proportion;
  /** Calls of the right operation. */
  operation: Proportion;
  /** The right operation with exactly the right arguments. */
  arguments: Proportion;
  wrong: { wanted: TaskCall; answer: string; fault: CallFault }[];
}

/**
 * Scores answers to requests, each by what its request stands for.
 *
 * @throws RangeError when there are not as many answers as requests
 */
export function scoreCalls(calls: readonly TaskCall[], answers: readonly string[]): CallScore {
  if (calls.length !== answers.length) throw new RangeError(`${answers.length} answers to ${calls.length} requests`);
  const wrong = calls.flatMap((wanted, at) => {
    const answer = answers[at] as string;
    const fault = faultOf(answer, wanted);
    return fault ? [{ wanted, answer, fault }] : [];
  });
  const without = (...faults: CallFault[]): Proportion => wilson(calls.length - wrong.filter(({ fault }) => faults.includes(fault)).length, calls.length);
  return {
    of: calls.length, valid: without("no call"), operation: without("no call", "wrong operation"),
    arguments: without("no call", "wrong operation", "wrong arguments"), wrong,
  };
}
