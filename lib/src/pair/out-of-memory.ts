/** Memory that ran out, as a result: what was held, what the plan said, and what to change. */
import { z } from "zod";
import { findMildChain, findRemedies, planInference, planTraining, type InferenceInput, type Remedy, type TrainingRunInput } from "../compute/index.js";
import { PairError } from "./error.js";
import type { Job } from "./job.js";
import type { Run } from "./run.js";
import { highest } from "./series.js";

export interface OutOfMemory {
  /** What was held when it ended; what it asked for on top is not in it. Undefined where nothing was left to tell. */
  peakBytes: number | undefined;
  /** Of a GPU, or of the machine. */
  of: "accelerator" | "host";
  plan: { peakBytes: number; usableBytes: number } | undefined;
  /** What the framework or the system said. */
  message: string;
  /** The change that a relaunch would make. */
  remedy: string | undefined;
  /** All of it, in two or three sentences. */
  says: string;
}

// What metrics.py's out_of_memory() leaves in the job's folder.
const OomRecord = z.object({ peak_bytes: z.number().nullable(), message: z.string() });
const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/**
 * Explains a run that ended `out-of-memory`. Its peak comes from the job's own record, else from its metrics, else from the
 * most that the system saw one of its processes hold.
 *
 * @throws PairError `request` for a run that ended otherwise, or has not ended
 */
export async function explainOutOfMemory(run: Run): Promise<OutOfMemory> {
  const { state, reason, plan, hostPeakBytes } = run.record;
  if (state !== "out-of-memory") throw new PairError("request", `${run.id} is ${state}: there is no memory that ran out`);
  const left = await readOom(run);
  const message = left?.message || reason || "";
  const of = /cuda|cublas|\bgpu\b|\bmps\b/i.test(message) ? "accelerator" : "host";
  const reported = run.metrics.flatMap(({ memory_bytes: bytes }) => (bytes === undefined ? [] : [bytes]));
  const peakBytes = left?.peak_bytes ?? (reported.length > 0 ? highest([...reported, ...(of === "host" ? [hostPeakBytes ?? 0] : [])]) : of === "host" ? hostPeakBytes : undefined);
  const remedy = run.nextRemedy()?.says;
  const held = peakBytes === undefined ? "what was held is not known" : `${gib(peakBytes)} ${of === "host" ? "of the machine's memory" : "of the card's memory"} were held when it ended`;
  const planned = plan === undefined ? "" : ` The plan says ${gib(plan.peakBytes)} of ${gib(plan.usableBytes)}${plan.peakBytes <= plan.usableBytes ? ": it left something out, longer rows perhaps" : ": it does not fit"}.`;
  const next = remedy === undefined ? "The job's plan knows no further remedy: take a smaller model, or a larger machine." : `Next: ${remedy}. relaunch() does it.`;
  return { peakBytes, of, plan, message, remedy, says: `Out of memory: ${held}.${planned} ${next}` };
}

/** The job's own record, or undefined: it left none, or its machine is gone. */
async function readOom(run: Run): Promise<z.output<typeof OomRecord> | undefined> {
  try {
    const { bytes } = await run.runtime.tail(run.id, "oom.json", 0);
    const parsed = bytes.length > 0 ? OomRecord.safeParse(JSON.parse(Buffer.from(bytes).toString("utf8"))) : undefined;
    return parsed?.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof PairError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A job's memory as llmops/compute plans it: training has a method, inference has a context. */
export type PlanInput = TrainingRunInput | InferenceInput;

export interface RemedyOptions<Recipe, Input extends PlanInput> {
  /** What the planner is asked about a recipe. */
  toPlan: (recipe: Recipe) => Input;
  /** Bytes that the job may use. */
  budget: number;
  /** The recipe with the planner's change in it. */
  apply: (recipe: Recipe, change: Partial<Input>) => Recipe;
}

/**
 * Makes a job's `remedy` from its plan: the mildest change that makes the plan fit, several where one is not enough.
 *
 * The job has run out of memory, so a plan that says it fits is wrong by at least what it was short of: the next run must
 * stay, at the upper end of its band, under the peak that was planned for this one. Each remedy is therefore smaller than the
 * last, and they come to an end.
 *
 * @throws ComputeError for a recipe that makes no plan
 */
export function remedyFromPlan<Recipe, Input extends PlanInput>({ toPlan, budget, apply }: RemedyOptions<Recipe, Input>): NonNullable<Job["remedy"]> {
  return (failed) => {
    const recipe = failed as Recipe; // the job's own recipe, which `launch` wrote down and `relaunch` read again
    const found = mildest(toPlan(recipe), budget);
    if (!found) return undefined;
    return { says: found.says, recipe: apply(recipe, found.change as Partial<Input>) };
  };
}

interface Step<Input extends PlanInput> {
  change: Partial<Input>;
  says: string;
}

function mildest(input: PlanInput, budget: number): Step<PlanInput> | undefined {
  if (!("method" in input)) return mildestOfInference(input, budget);
  const limit = Math.min(budget, planTraining(input).peakBytes);
  const alone = findRemedies(input, limit), chain = findMildChain(input, limit);
  // Either each is enough by itself, the mildest first, or all of them together are a chain.
  const steps: Remedy[] = chain.length > 0 ? chain : alone[0]?.fits ? alone.slice(0, 1) : alone;
  if (steps.length === 0) return undefined;
  return { change: Object.assign({}, ...steps.map(({ change }) => change)) as Partial<TrainingRunInput>, says: steps.map(({ sentence }) => sentence).join("; then ") };
}

/** Fewer at once cost only time; a smaller cache and shorter contexts cost quality. */
function mildestOfInference(input: InferenceInput, budget: number): Step<InferenceInput> | undefined {
  const before = planInference(input), limit = Math.min(budget, before.peakBytes);
  const steps: Step<InferenceInput>[] = [];
  for (let batch = Math.floor((input.batch ?? 1) / 2); batch >= 1; batch = Math.floor(batch / 2)) steps.push({ change: { batch }, says: `answer ${batch} at once: slower, the same answers` });
  if (input.cache !== "q8_0" && input.cache !== "q4_0" && input.runtime === "llama.cpp") steps.push({ change: { cache: "q8_0" }, says: "keep the key-value cache in 8 bits" });
  for (let context = Math.floor(input.context / 2); context >= 256; context = Math.floor(context / 2)) steps.push({ change: { context }, says: `keep prompt and answer within ${context} tokens: look at what is cut` });
  return steps.find(({ change }) => planInference({ ...input, ...change }).highBytes <= limit);
}
