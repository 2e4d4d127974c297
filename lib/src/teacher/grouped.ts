/** Several things in one question, each under its number from 1: how judges grade and teachers answer in lots. */
import type { CompletionRequest, Progress } from "./completion.js";
import { TeacherError } from "./failures.js";
import type { Teacher } from "./teacher.js";

/** Things that got no answer, and why. */
export interface Unanswered {
  /** Places of the things, from 0. */
  indices: number[];
  error: TeacherError;
}

/** Where an answer stands. */
export interface AnswerPlace {
  /** The thing's place in the caller's list, from 0. */
  index: number;
  /** The question's place among the groups, and the thing's in the question. */
  group: number;
  place: number;
  responseId: string;
}

/**
 * Divides places into groups of `batch`, in the order given.
 *
 * @throws RangeError for a batch that is no whole number of at least 1
 */
export function groupsOf(order: readonly number[], batch: number): number[][] {
  if (!Number.isInteger(batch) || batch < 1) throw new RangeError(`batch must be a whole number of at least 1, not ${batch}`);
  return Array.from({ length: Math.ceil(order.length / batch) }, (_, at) => order.slice(at * batch, (at + 1) * batch));
}

/** One question for each group, and what to do with its answers. */
export interface GroupedQuestions<T, Item> {
  /** The question about things at these places; the answer names them 1, 2, … in this order. */
  ask: (indices: readonly number[], group: number) => CompletionRequest<T>;
  items: (answer: T) => readonly Item[];
  numberOf: (item: Item) => number;
  /** Takes a thing's one answer; `false` where it is none, which counts as left out. */
  take: (item: Item, at: AnswerPlace) => false | void;
  /** What the error says where `missing` of `asked` things were left out or repeated: a sentence and a remedy. */
  complaint: (missing: number, asked: number) => string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Asks one question for each group. A thing that the answer leaves out or names twice has no answer; a question that fails
 * leaves all of its things without one.
 */
export async function askInGroups<T, Item>(teacher: Teacher, groups: readonly number[][], questions: GroupedQuestions<T, Item>): Promise<Unanswered[]> {
  const { ask, items, numberOf, take, complaint, signal, onProgress } = questions;
  const outcomes = await teacher.completeAll(groups.map(ask), { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) });
  return outcomes.flatMap((outcome, group): Unanswered[] => {
    const indices = groups[group] ?? [];
    if (!outcome.ok) return [{ indices: [...indices], error: outcome.error }];
    const { parsed, text, responseId } = outcome.completion;
    const missing = indices.filter((index, place) => {
      const found = items(parsed).filter((item) => numberOf(item) === place + 1);
      const [item] = found;
      return item === undefined || found.length > 1 || take(item, { index, group, place, responseId }) === false;
    });
    return missing.length === 0 ? [] : [{ indices: missing, error: new TeacherError("schema-mismatch", complaint(missing.length, indices.length), { raw: text, responseId }) }];
  });
}
