import { z } from "zod";
import type { Example } from "../data/example.js";
import { daysNamed, isDay } from "../data/quality/task-api/dates.js";
import { isTaskOperation, prioritiesNamed, quotedIn, shownOperation, unquoted } from "../data/quality/task-api/reading.js";
import { contentWords, isAlike } from "../data/quality/words.js";
import type { CompletionRequest, Progress } from "./completion.js";
import { TeacherError } from "./failures.js";
import { writeFieldsPrompt, type TaskFields } from "./fields-prompt.js";
import { OPERATIONS, PRIORITIES } from "./task-api.js";
import type { Teacher } from "./teacher.js";

/** How to ask several times. */
export interface SelfConsistencyOptions {
  /** Readings of each example. Default 5; an odd number leaves no ties of two. */
  samples?: number;
  /** Share of the readings that have to agree on each field. Default 0.6: three of five. */
  agreement?: number;
  /** 0 to 2; at 0 a model gives the same answer again. Default 0.7, as Wang et al. 2023 used. */
  temperature?: number;
  /** The first reading's sampling seed; the next count on. Default 1. */
  seed?: number;
  /** Examples in one request. Default 8. */
  batch?: number;
  /** YYYY-MM-DD that relative dates count from. */
  today: string;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** The fields of a reading, and how many readings had the most frequent value. */
export type Consensus = { [Field in keyof TaskFields]: { value: TaskFields[Field]; agreement: number } };

/** Examples that the readings agree on and with, and those that they do not. Places are from 0. */
export interface SelfConsistency {
  kept: Example[];
  removed: { index: number; code: "no-agreement" | "contradicts"; field: keyof TaskFields; reason: string }[];
  /** By example; undefined where fewer than half of the readings came back. */
  consensus: (Consensus | undefined)[];
  /** Examples with too few readings, and why. They are neither kept nor removed. */
  failures: { index: number; error: TeacherError }[];
}

const Reading = z.object({
  conversation: z.int(), operation: z.enum(OPERATIONS), title: z.string().nullable(), due_date: z.string().nullable(), priority: z.enum(PRIORITIES).nullable(),
});
const Readings = z.object({ readings: z.array(Reading) });

/** Tokens of one reading as JSON: measured at 40 to 50. */
const READING_TOKENS = 50;

interface Asked {
  request: CompletionRequest<z.infer<typeof Readings>>;
  indices: number[];
}

function requestsOf(examples: readonly Example[], options: SelfConsistencyOptions): Asked[] {
  const { samples = 5, temperature = 0.7, seed = 1, batch = 8, today } = options;
  for (const [name, value, least] of [["samples", samples, 2], ["batch", batch, 1], ["seed", seed, 0]] as const) {
    if (!Number.isInteger(value) || value < least) throw new RangeError(`${name} must be a whole number of at least ${least}, not ${value}`);
  }
  if (!isDay(today)) throw new RangeError(`today must be a date like 2026-11-20, not "${String(today)}"`);
  return Array.from({ length: samples }, (_, sample) => sample).flatMap((sample) =>
    Array.from({ length: Math.ceil(examples.length / batch) }, (_, group): Asked => {
      const indices = examples.map((_, index) => index).slice(group * batch, (group + 1) * batch);
      return {
        indices,
        request: {
          messages: writeFieldsPrompt(indices.map((index) => examples[index] as Example), today), schema: Readings, schemaName: "readings",
          temperature, seed: seed + sample, maxTokens: 200 + indices.length * 3 * READING_TOKENS,
        },
      };
    }));
}

/** Requests and dollars that `filterBySelfConsistency` will need with the same options, before anything is asked. */
export function estimateSelfConsistency(teacher: Teacher, examples: readonly Example[], options: SelfConsistencyOptions): { requests: number; dollars: number } {
  const asked = requestsOf(examples, options);
  return { requests: asked.length, dollars: asked.reduce((sum, { request, indices }) => sum + teacher.estimate([request], indices.length * READING_TOKENS), 0) };
}

/**
 * Has the teacher read each example several times without its label, and keeps those where the readings
 * agree with each other and with the row. Agreement is measured on the fields, not on strings: two readings that name
 * the same day in other words agree.
 *
 * Self-consistency is Wang et al. 2023, "Self-Consistency Improves Chain of Thought Reasoning in Language Models": an
 * answer that most independent samples reach is more likely right. It does not see a mistake that the model makes every
 * time. Costs `samples` readings a row: see `estimateSelfConsistency`, and the teacher's meter.
 *
 * @throws RangeError for options that make no sense
 */
export async function filterBySelfConsistency(teacher: Teacher, examples: readonly Example[], options: SelfConsistencyOptions): Promise<SelfConsistency> {
  const { samples = 5, agreement: least = 0.6 } = options;
  if (!(least > 0 && least <= 1)) throw new RangeError(`agreement must be over 0 and at most 1, not ${least}`);
  const asked = requestsOf(examples, options);
  const outcomes = await teacher.completeAll(asked.map(({ request }) => request), {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  });
  const readings = examples.map((): TaskFields[] => []);
  const errors = new Map<number, TeacherError>();
  outcomes.forEach((outcome, at) => {
    const { indices } = asked[at] as Asked;
    indices.forEach((index, place) => {
      const reading = outcome.ok ? outcome.completion.parsed.readings.find(({ conversation }) => conversation === place + 1) : undefined;
      if (reading) readings[index]?.push(reading);
      else errors.set(index, outcome.ok ? new TeacherError("schema-mismatch", `The answer has no reading of conversation ${place + 1}. Ask again, or lower batch.`, { raw: outcome.completion.text, responseId: outcome.completion.responseId }) : outcome.error);
    });
  });
  const result: SelfConsistency = { kept: [], removed: [], consensus: [], failures: [] };
  examples.forEach((example, index) => {
    const own = readings[index] ?? [];
    const error = errors.get(index);
    if (own.length * 2 < samples && error) {
      result.consensus.push(undefined);
      result.failures.push({ index, error });
      return;
    }
    const consensus = consensusOf(own);
    result.consensus.push(consensus);
    const fault = faultOf(example, consensus, own.length, least, options.today);
    if (fault) result.removed.push({ index, ...fault });
    else result.kept.push(example);
  });
  return result;
}

function consensusOf(readings: readonly TaskFields[]): Consensus {
  const most = <T extends string | null>(values: readonly T[], sameAs: (value: T) => string = String): { value: T; agreement: number } => {
    const counts = new Map<string, { value: T; count: number }>();
    for (const value of values) counts.set(sameAs(value), { value, count: (counts.get(sameAs(value))?.count ?? 0) + 1 });
    const [best] = [...counts.values()].sort((a, b) => b.count - a.count);
    return { value: best?.value as T, agreement: (best?.count ?? 0) / values.length };
  };
  return {
    operation: most(readings.map(({ operation }) => operation)),
    title: most(readings.map(({ title }) => title), (title) => (title ?? "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim()),
    due_date: most(readings.map(({ due_date }) => due_date)),
    priority: most(readings.map(({ priority }) => priority)),
  };
}

const sharesWords = (a: string, b: string): boolean => contentWords(a).some((word) => contentWords(b).some((other) => isAlike(word, other)));

/** What the row says about its fields: the label, and the days and priorities that the last answer names. */
function faultOf(example: Example, consensus: Consensus, readings: number, least: number, today: string): Omit<SelfConsistency["removed"][number], "index"> | undefined {
  const own = example.extra["today"];
  const spoken = example.messages.findLast(({ role }) => role === "assistant")?.content ?? "";
  const answer = unquoted(spoken);
  const { operation, title, due_date: due, priority } = consensus;
  const label = example.extra["operation"];
  const shaky = (["operation", "due_date", "priority"] as const).find((field) => consensus[field].agreement < least - 1e-12);
  if (shaky) return { code: "no-agreement", field: shaky, reason: `only ${Math.round(consensus[shaky].agreement * readings)} of ${readings} readings agree on the ${shaky.replace("_", " ")}` };
  const contradicts = (field: keyof TaskFields, said: string, row: string) => ({ code: "contradicts" as const, field, reason: `the readings say ${field.replace("_", " ")} ${said}, the row ${row}` });
  if (isTaskOperation(label) && label !== operation.value) return contradicts("operation", operation.value, label);
  // A refusal confirms nothing, and what is ticked off or deleted may have had any date.
  const shown = shownOperation(example);
  if (/\b(can't|couldn't|no task|nothing|outside)\b/i.test(answer)) return undefined;
  const titles = quotedIn(spoken);
  if (title.value !== null && title.agreement >= least && titles.length > 0 && shown !== "list" && !titles.some((other) => sharesWords(other, title.value ?? ""))) {
    return contradicts("title", `"${title.value}"`, `"${titles[0] ?? ""}"`);
  }
  if (shown === "complete" || shown === "delete") return undefined;
  const named = daysNamed(answer, isDay(own) ? own : today);
  const days = new Set((named.some(({ exact }) => exact) ? named.filter(({ exact }) => exact) : named).flatMap((mention) => mention.days));
  if (due.value !== null && days.size > 0 && !days.has(due.value)) return contradicts("due_date", due.value, [...days].join(", "));
  const levels = prioritiesNamed((shown === "list" ? answer.replace(/\([^)]*\)/g, "") : answer).replace(/\b(medium|normal) priority by default|priority other than \w+/gi, ""));
  if (priority.value !== null && levels.size > 0 && !levels.has(priority.value)) return contradicts("priority", priority.value, [...levels].join(", "));
  return undefined;
}
