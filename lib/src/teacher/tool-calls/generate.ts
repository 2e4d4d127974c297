import type { Example, Message, ToolDefinition } from "../../data/example.js";
import type { Progress } from "../completion.js";
import { TeacherError } from "../failures.js";
import type { Teacher } from "../teacher.js";
import { writeSayPrompt, writeScriptPrompt } from "../tool-call-prompt.js";
import { checkSaying, checkScript, type ScriptFault } from "./check.js";
import { checkToolPlan, DEFAULT_KINDS, drawOrder, type ToolKind, type ToolOrder, type ToolPlan } from "./order.js";
import type { ToolRunner } from "./runner.js";
import { Sayings, Script, type PlayedTurn, type ScriptTurn } from "./script.js";

/** What to generate. */
export interface ToolGenerateOptions {
  /** YYYY-MM-DD, the tools' day. */
  today: string;
  /** Default 600. */
  count?: number;
  /** Conversations in one request. Default 8. */
  batch?: number;
  /** The share of each kind. Default: DEFAULT_KINDS. */
  kinds?: Readonly<Partial<Record<ToolKind, number>>>;
  /** Share of conversations whose titles have words that exist nowhere. Default 0.5. */
  invented?: number;
  /** Default 66. */
  seed?: number;
  /** The system turn of every conversation. */
  system: string;
  /** Characters of a conversation without its system turn, at most; a longer one is turned down. Default 500: under 400 tokens of the tiny model, whose context is 512. */
  mostLetters?: number;
  signal?: AbortSignal;
  onProgress?: (progress: Progress & { stage: "scripts" | "calls" | "sayings" }) => void;
}

/** A script that became no conversation. */
export interface ToolRejection extends ScriptFault {
  /** `<responseId>/<index>`, as the ledger knows it. */
  id: string;
  step: "read" | "check" | "run" | "say";
  order: ToolOrder;
  /** The line as it came. */
  raw: string;
}

export interface ToolGenerated {
  /** Each with `extra`: `id`, `kind`, `today`, and `state`, the tasks that were there before. */
  rows: Example[];
  rejected: ToolRejection[];
  /** Requests that gave nothing, and how many conversations are missing because of each. */
  failures: { stage: "scripts" | "sayings"; rows: number; error: TeacherError }[];
  /** Dollars: what was paid now, and what it costs without the cache. */
  cost: { spent: number; value: number };
}

interface Played {
  id: string;
  order: ToolOrder;
  raw: string;
  turns: PlayedTurn[];
  /** The texts of the tool messages, call by call. */
  texts: string[][];
}

const TOKENS = { script: 220, saying: 140, spare: 300 } as const;

/**
 * Has the teacher write conversations with tool calls, and runs every call on the tools: what a tool answers in a row is what it
 * did answer. A script that is not what was ordered, gives what nobody said, or is refused where it should work is turned down
 * with its reason. Kinds with results take a second request, in which the teacher sees the results.
 *
 * Answers that were paid for lie in the teacher's cache: a run that was stopped goes on where it was when it is started again
 * with the same plan, and costs nothing for what it had. Throws RangeError for a plan that makes no sense.
 */
export async function generateToolConversations(teacher: Teacher, tools: ToolRunner, options: ToolGenerateOptions): Promise<ToolGenerated> {
  const plan: ToolPlan = {
    count: options.count ?? 600, batch: options.batch ?? 8, kinds: options.kinds ?? DEFAULT_KINDS, today: options.today, seed: options.seed ?? 66, invented: options.invented ?? 0.5,
  };
  const fault = checkToolPlan(plan);
  if (fault !== undefined) throw new RangeError(fault);
  const before = { spent: teacher.meter.spent, value: teacher.meter.value };
  const rejected: ToolRejection[] = [];
  const failures: ToolGenerated["failures"] = [];
  const written = await askForScripts(teacher, tools.definitions, plan, options, rejected, failures);
  const played = await playAll(tools, written, rejected, options);
  const spoken = await askForSayings(teacher, played, plan.batch, options, rejected, failures);
  const most = options.mostLetters ?? 500;
  const rows = spoken.flatMap((each): Example[] => {
    const example = toExample(each, tools.definitions, options);
    const letters = example.messages.slice(1).reduce((sum, { content, tool_calls: calls = [] }) => sum + (content?.length ?? 0) + calls.reduce((total, call) => total + call.function.name.length + call.function.arguments.length + 28, 0), 0);
    if (letters <= most) return [example];
    rejected.push({ id: each.id, step: "run", order: each.order, raw: each.raw, code: "too-long", reason: `has ${letters} characters of at most ${most}` });
    return [];
  });
  return { rows, rejected, failures, cost: { spent: teacher.meter.spent - before.spent, value: teacher.meter.value - before.value } };
}

type Written = Pick<Played, "id" | "order" | "raw"> & { turns: ScriptTurn[] };

async function askForScripts(
  teacher: Teacher, definitions: readonly ToolDefinition[], plan: ToolPlan, options: ToolGenerateOptions, rejected: ToolRejection[], failures: ToolGenerated["failures"],
): Promise<Written[]> {
  const orders = Array.from({ length: plan.count }, (_, index) => drawOrder(plan, index));
  const batches = chunk(orders, plan.batch);
  const requests = batches.map((batch, at) => ({
    messages: writeScriptPrompt({ today: plan.today, number: at + 1, seed: plan.seed, tools: definitions, orders: batch }), maxTokens: batch.length * TOKENS.script + TOKENS.spare,
  }));
  const outcomes = await teacher.completeAll(requests, progress(options, "scripts"));
  return outcomes.flatMap((outcome, at) => {
    const batch = batches[at] ?? [];
    if (!outcome.ok) {
      failures.push({ stage: "scripts", rows: batch.length, error: outcome.error });
      return [];
    }
    const { responseId, text } = outcome.completion;
    const lines = linesOf(text);
    return batch.flatMap((order, index): Written[] => {
      const id = `${responseId}/${index}`, raw = lines[index] ?? "";
      const read = readLine(raw, Script, index + 1);
      const fault = typeof read === "string" ? { code: "unreadable", reason: read } : checkScript(read.turns, order, definitions, plan.today);
      if (typeof read !== "string" && fault === undefined) return [{ id, order, raw, turns: read.turns }];
      rejected.push({ id, step: typeof read === "string" ? "read" : "check", order, raw, ...(fault as ScriptFault) });
      return [];
    });
  });
}

/** Runs the calls of each script on a state of its own, in order. */
async function playAll(tools: ToolRunner, written: readonly Written[], rejected: ToolRejection[], options: ToolGenerateOptions): Promise<Played[]> {
  const played: Played[] = [];
  for (const [at, { id, order, raw, turns }] of written.entries()) {
    options.signal?.throwIfAborted();
    if (turns.some((turn) => "calls" in turn)) await tools.reset(order.tasks);
    const texts: string[][] = [];
    let fault: ScriptFault | undefined;
    const done: PlayedTurn[] = [];
    for (const turn of turns) {
      if (!("calls" in turn)) {
        done.push(turn);
        continue;
      }
      const results: string[] = [];
      for (const call of turn.calls) {
        const { text, error } = await tools.run(call);
        results.push(text);
        fault ??= judgeResult(order, call.name, error, text);
      }
      texts.push(results);
      done.push(order.results ? { calls: turn.calls, results: results.map((text): unknown => JSON.parse(text)) } : { calls: turn.calls });
    }
    if (fault === undefined) played.push({ id, order, raw, turns: done, texts });
    else rejected.push({ id, step: "run", order, raw, ...fault });
    options.onProgress?.({ stage: "calls", done: at + 1, total: written.length, failed: 0, spent: 0 });
  }
  return played;
}

function judgeResult(order: ToolOrder, name: string, error: string | undefined, text: string): ScriptFault | undefined {
  if (order.kind !== "error") return error === undefined ? undefined : { code: `refused: ${error}`, reason: `${name} was refused: ${text}` };
  return error === order.about ? undefined : { code: "not-refused", reason: `${name} should have been refused as ${order.about ?? "an error"}, and ${error === undefined ? "worked" : `was as ${error}`}` };
}

async function askForSayings(
  teacher: Teacher, played: readonly Played[], batch: number, options: ToolGenerateOptions, rejected: ToolRejection[], failures: ToolGenerated["failures"],
): Promise<Played[]> {
  const batches = chunk(played.filter(({ order }) => order.results), batch);
  const requests = batches.map((each) => ({ messages: writeSayPrompt(each.map(({ turns }) => turns)), maxTokens: each.length * TOKENS.saying + TOKENS.spare }));
  const outcomes = await teacher.completeAll(requests, progress(options, "sayings"));
  const spoken = new Map<string, Played>();
  outcomes.forEach((outcome, at) => {
    const asked = batches[at] ?? [];
    if (!outcome.ok) {
      failures.push({ stage: "sayings", rows: asked.length, error: outcome.error });
      return;
    }
    const lines = linesOf(outcome.completion.text);
    asked.forEach((each, index) => {
      const read = readLine(lines[index] ?? "", Sayings, index + 1);
      const fault = typeof read === "string" ? { code: "unreadable", reason: read } : checkSayings(each, read.say);
      if (typeof read !== "string" && fault === undefined) spoken.set(each.id, { ...each, turns: withSayings(each.turns, read.say) });
      else rejected.push({ id: each.id, step: "say", order: each.order, raw: lines[index] ?? "", ...(fault as ScriptFault) });
    });
  });
  return played.flatMap((each) => (each.order.results ? (spoken.get(each.id) ?? []) : each));
}

function checkSayings({ turns, texts }: Played, say: readonly string[]): ScriptFault | undefined {
  if (say.length !== texts.length) return { code: "reply-count", reason: `has ${say.length} texts for ${texts.length} turns of calls` };
  const heard = turns.map((turn) => ("user" in turn ? turn.user : "")).join("\n");
  for (const [at, said] of say.entries()) {
    const fault = checkSaying(said, texts[at] ?? [], heard);
    if (fault) return fault;
  }
  return undefined;
}

function withSayings(turns: readonly PlayedTurn[], say: readonly string[]): PlayedTurn[] {
  const left = [...say];
  return turns.flatMap((turn): PlayedTurn[] => ("calls" in turn ? [turn, { say: left.shift() ?? "" }] : [turn]));
}

function toExample({ id, order, turns, texts }: Played, definitions: readonly ToolDefinition[], { system, today }: ToolGenerateOptions): Example {
  const messages: Message[] = [{ role: "system", content: system }];
  let calls = 0, callTurns = 0;
  for (const turn of turns) {
    if ("user" in turn) messages.push({ role: "user", content: turn.user });
    else if ("say" in turn) messages.push({ role: "assistant", content: turn.say });
    else {
      const made = turn.calls.map(({ name, arguments: given }) => ({ id: `call_${++calls}`, type: "function" as const, function: { name, arguments: JSON.stringify(given) } }));
      messages.push({ role: "assistant", content: null, tool_calls: made });
      const results = texts[callTurns++] ?? [];
      if (order.results) made.forEach((call, at) => messages.push({ role: "tool", tool_call_id: call.id, content: results[at] ?? "" }));
    }
  }
  return { messages, tools: [...definitions], extra: { id, kind: order.kind, ...(order.about === undefined ? {} : { about: order.about }), today, state: order.tasks } };
}

function progress(options: ToolGenerateOptions, stage: "scripts" | "sayings") {
  const { onProgress, signal } = options;
  return { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress: (each: Progress) => onProgress({ ...each, stage }) } : {}) };
}

function chunk<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) => list.slice(at * size, (at + 1) * size));
}

function linesOf(text: string): string[] {
  return text.replace(/^\s*```\w*\s*$/gm, "").split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
}

/** A line that fits its schema and bears its number; or why not. */
function readLine<T extends { n: number }>(line: string, schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly { message: string; path: readonly PropertyKey[] }[] } } }, n: number): T | string {
  if (line === "") return "the answer has no line for it";
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return `the line is not JSON: ${(error as Error).message}`;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data.n === n ? parsed.data : `the line is numbered ${parsed.data.n} and not ${n}`;
  const [issue] = parsed.error.issues;
  return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "it does not fit"}`;
}
