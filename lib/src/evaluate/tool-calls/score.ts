/** What answers are worth, asked step by step: JSON, the tool, its arguments; no call where none is due; a question where one is. */
import { wilson, type Proportion } from "../../teacher/statistics.js";
import type { ModelCall } from "./call.js";
import type { ToolCase } from "./cases.js";
import { compareCalls } from "./compare.js";
import { allSameMeaning } from "./meaning.js";
import { parseCalls, type AnswerMessage, type ParsedAnswer } from "./parse.js";
import { schemaFault } from "./schema.js";

/** How an answer fails, the first of what is asked of it. */
export type ToolFault = "broken" | "no call" | "unknown tool" | "wrong tool" | "against the schema" | "wrong arguments" | "call not due" | "no answer" | "no question";

export interface ToolVerdict {
  parsed: ParsedAnswer;
  calls: readonly ModelCall[];
  fault?: ToolFault;
  reason?: string;
  /** Whether the calls are the wanted ones by the leaderboard's rules. */
  exact: boolean;
}

const names = (calls: readonly { name: string }[]): string => calls.map(({ name }) => name).sort().join(" ");

/** Judges one answer. A right answer has no fault: its calls fit the schema and mean what is wanted. */
export function judgeAnswer({ prompt: { tools }, due, wanted, today }: ToolCase, answer: string | AnswerMessage): ToolVerdict {
  const parsed = parseCalls(answer);
  const calls = parsed.kind === "calls" ? parsed.calls : [];
  const found = { parsed, calls, exact: parsed.kind !== "broken" && compareCalls(calls, wanted, tools).right };
  const fail = (fault: ToolFault, reason: string): ToolVerdict => ({ ...found, fault, reason });
  if (parsed.kind === "broken") return fail("broken", parsed.reason);
  if (due !== "calls") {
    if (calls.length > 0) return fail("call not due", `${names(calls)} was called`);
    if (isSilent(parsed)) return fail("no answer", "it is empty");
    return due === "question" && !isQuestion(parsed) ? fail("no question", "it asks for nothing") : found;
  }
  if (calls.length === 0) return fail("no call", isSilent(parsed) ? "it is empty" : "it is prose");
  const stranger = calls.find(({ name }) => !tools.some(({ function: tool }) => tool.name === name));
  if (stranger) return fail("unknown tool", `there is no tool ${stranger.name}`);
  if (names(calls) !== names(wanted)) return fail("wrong tool", `${names(calls)}, wanted ${names(wanted)}`);
  const unfit = calls.map((call) => schemaFault(call, tools)).find((fault) => fault !== undefined);
  if (unfit !== undefined) return fail("against the schema", unfit);
  if (allSameMeaning(calls, wanted, today)) return found;
  const compared = compareCalls(calls, wanted, tools);
  return fail("wrong arguments", compared.right ? "they mean something else" : compared.reason);
}

const isSilent = (parsed: ParsedAnswer): boolean => parsed.kind === "prose" && parsed.text === "";

/** A question mark is all that is asked: whether it is the right question, a person or a judge has to say. */
const isQuestion = (parsed: ParsedAnswer): boolean => parsed.kind === "prose" && parsed.text.includes("?");

/** Shares, each with its 95 % interval. A share of nothing has the estimate NaN. */
export interface ToolScore {
  of: number;
  /** Of answers where calls are due: those that are JSON calls of tools there are. */
  valid: Proportion;
  /** The right tools, as many as are due. */
  tool: Proportion;
  /** The right tools, with arguments that fit their schemas. */
  schema: Proportion;
  /** The wanted calls by the Berkeley Function-Calling Leaderboard's rules. */
  exact: Proportion;
  /** The wanted calls by what they mean, and within the schema: what counts as right. */
  arguments: Proportion;
  /** {@link ToolScore.arguments} where several calls are due. */
  parallel: Proportion;
  /** Words and no call as an answer to a user: of such answers those where none was due, and of cases where none is due those so answered. */
  noCall: { precision: Proportion; recall: Proportion };
  /** Of cases where something is missing: those that are asked about. */
  question: Proportion;
  /** Of turns after a tool's result: those in words. */
  report: Proportion;
  /** Of all answers: those that begin as a call and are none. */
  broken: Proportion;
  wrong: { case: ToolCase; answer: string | AnswerMessage; fault: ToolFault; reason: string }[];
}

// In the order in which an answer is asked: who fails here has passed what stands before.
const STEPS: readonly ToolFault[] = ["broken", "no call", "unknown tool", "wrong tool", "against the schema", "wrong arguments"];

/**
 * Scores answers to cases.
 *
 * @throws RangeError when there are not as many answers as cases
 */
export function scoreTools(cases: readonly ToolCase[], answers: readonly (string | AnswerMessage)[]): ToolScore {
  if (cases.length !== answers.length) throw new RangeError(`${answers.length} answers to ${cases.length} cases`);
  const judged = cases.map((each, at) => ({ each, answer: answers[at] as string | AnswerMessage, ...judgeAnswer(each, answers[at] as string | AnswerMessage) }));
  const due = judged.filter(({ each }) => each.due === "calls");
  const share = (of: typeof judged, isHit: (one: (typeof judged)[number]) => boolean): Proportion => wilson(of.filter(isHit).length, of.length);
  const beyond = (step: ToolFault) => ({ fault }: { fault?: ToolFault }): boolean => fault === undefined || STEPS.indexOf(fault) > STEPS.indexOf(step);
  const isRight = ({ fault }: { fault?: ToolFault }): boolean => fault === undefined;
  const toUser = judged.filter(({ each }) => each.due !== "report");
  const inWords = ({ parsed }: { parsed: ParsedAnswer }): boolean => parsed.kind === "prose" && !isSilent(parsed);
  return {
    of: cases.length,
    valid: share(due, beyond("unknown tool")), tool: share(due, beyond("wrong tool")), schema: share(due, beyond("against the schema")),
    exact: share(due, ({ exact }) => exact), arguments: share(due, isRight), parallel: share(due.filter(({ each }) => each.wanted.length > 1), isRight),
    noCall: { precision: share(toUser.filter(inWords), ({ each }) => each.due !== "calls"), recall: share(toUser.filter(({ each }) => each.due !== "calls"), inWords) },
    question: share(judged.filter(({ each }) => each.due === "question"), isRight),
    report: share(judged.filter(({ each }) => each.due === "report"), isRight),
    broken: share(judged, ({ parsed }) => parsed.kind === "broken"),
    wrong: judged.flatMap(({ each, answer, fault, reason = "" }) => (fault ? [{ case: each, answer, fault, reason }] : [])),
  };
}
