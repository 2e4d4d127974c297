import { z } from "zod";
import type { Example } from "../data/example.js";
import type { Progress } from "./completion.js";
import { askInGroups, groupsOf, type Unanswered } from "./grouped.js";
import { TASK_API_RUBRIC, writeJudgePrompt, type Criterion } from "./judge-prompt.js";
import { Random } from "./random.js";
import type { Teacher } from "./teacher.js";

/** The judge's opinion of one example. */
export interface Judgment {
  /** Place of the example in the list, from 0. */
  index: number;
  /** The example's `extra.id` where it has one. */
  id: string | undefined;
  /** Criterion name to a whole number from 1 to 5. */
  scores: Record<string, number>;
  /** Mean of the scores. */
  mean: number;
  reason: string;
  responseId: string;
}

/** How to judge. */
export interface JudgeOptions {
  /** Default: the rubric of the Task API dataset. */
  rubric?: readonly Criterion[];
  /** Examples in one request. Default 8: more are cheaper and blur the judge's attention. */
  batch?: number;
  /**
   * Draws the order in which examples are put into requests. Judges favour the first of a request (Zheng et al. 2023,
   * section 3.3): in a drawn order the favour falls on rows at random, not always on the same. Default: as given.
   */
  shuffle?: number;
  /** Sent along as the sampling seed: another one, another opinion. Default: none. */
  seed?: number;
  /** 0 to 2; default: the server's. */
  temperature?: number;
  /** YYYY-MM-DD that relative dates count from. */
  today: string;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/**
 * Has the teacher grade examples against a rubric, `batch` a request, as checked JSON.
 *
 * A request whose answer leaves examples out or names them twice counts as failed for those. Throws RangeError for a
 * rubric without criteria or with unusable names.
 */
export async function judgeExamples(
  teacher: Teacher, examples: readonly Example[], options: JudgeOptions,
): Promise<{ judgments: Judgment[]; failures: Unanswered[] }> {
  const rubric = options.rubric ?? TASK_API_RUBRIC;
  const batch = options.batch ?? 8;
  const odd = rubric.find(({ name }) => !/^\w+$/.test(name));
  if (rubric.length === 0 || odd !== undefined) {
    throw new RangeError(odd === undefined ? "the rubric needs at least one criterion" : `criterion names are letters, digits and _, not "${odd.name}"`);
  }
  const schema = verdictSchema(rubric);
  const inOrder = examples.map((_, index) => index);
  const order = options.shuffle === undefined ? inOrder : new Random(options.shuffle, "judging order").shuffle(inOrder);
  const judgments: Judgment[] = [];
  const failures = await askInGroups(teacher, groupsOf(order, batch), {
    ask: (indices) => ({
      messages: writeJudgePrompt(indices.map((index) => examples[index] as Example), rubric, options.today),
      schema, schemaName: "verdicts",
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(options.temperature === undefined ? {} : { temperature: options.temperature }),
      // A verdict takes about 20 tokens and 8 a criterion; twice that, and room for a wordy judge.
      maxTokens: 200 + indices.length * (60 + 16 * rubric.length),
    }),
    items: ({ verdicts }) => verdicts,
    numberOf: ({ conversation }) => conversation,
    take: (verdict, { index, responseId }) => {
      const scores = verdict.scores as Record<string, number>;
      const values = Object.values(scores);
      const id = examples[index]?.extra["id"];
      judgments.push({
        index, id: typeof id === "string" ? id : undefined, scores, reason: verdict.reason, responseId,
        mean: values.reduce((sum, score) => sum + score, 0) / values.length,
      });
    },
    complaint: (missing, asked) => `The judge left out or repeated ${missing} of ${asked} conversations. Judge them again, or lower batch.`,
    signal: options.signal, onProgress: options.onProgress,
  });
  return { judgments: judgments.sort((a, b) => a.index - b.index), failures };
}

function verdictSchema(rubric: readonly Criterion[]) {
  const scores = z.object(Object.fromEntries(rubric.map(({ name }) => [name, z.int().min(1).max(5)])));
  // The reason stands before the scores, so that the model has argued before it decides.
  return z.object({ verdicts: z.array(z.object({ conversation: z.int(), reason: z.string(), scores })) });
}
