/** The baseline that every model has to beat: it counts which words go with which operation, and knows nothing else. */
import { TASK_TOOLS } from "./task-calls.js";

/** A request and the operation that it asks for. */
export interface NamedRequest {
  request: string;
  name: string;
}

/** What was counted. It is plain data: as JSON it can be stored, hashed and read back. */
export interface CountedModel {
  /** The operations, in the order of the counts. */
  names: string[];
  /** Rows of each operation. */
  rows: number[];
  /** Of each word, and each two words side by side: rows of each operation that have it. */
  words: Record<string, number[]>;
}

// A word that one operation never had is unlikely there, not impossible: this much of a row is added to every count.
const SMOOTHING = 0.2;
/** Words of fewer rows than this say more about the row than about the operation. */
const LEAST_ROWS = 2;

/** The words of a request: letters, digits and apostrophes, and the signs that a request may hang on. In small letters. */
export const wordsOf = (request: string): string[] => request.toLowerCase().match(/[\p{L}\p{N}'’]+|[:?!]/gu) ?? [];

function features(request: string): Set<string> {
  const words = ["^", ...wordsOf(request), "$"];
  return new Set([...words, ...words.slice(1).map((word, at) => `${words[at]} ${word}`)]);
}

/**
 * Counts the words of requests by their operation: naive Bayes over words and pairs of words.
 *
 * @throws RangeError when there is no row, or a row names an operation that the Task API has not
 */
export function trainCounted(rows: readonly NamedRequest[]): CountedModel {
  if (rows.length === 0) throw new RangeError("there is nothing to count: give at least one request with its operation");
  const names = TASK_TOOLS.map(({ function: { name } }) => name);
  const model: CountedModel = { names, rows: names.map(() => 0), words: {} };
  const counts = new Map<string, number[]>();
  for (const [number, { request, name }] of rows.entries()) {
    const of = names.indexOf(name);
    if (of === -1) throw new RangeError(`row ${number + 1} names "${name}", which is no operation: ${names.join(", ")}`);
    model.rows[of]! += 1;
    for (const feature of features(request)) {
      const row = counts.get(feature) ?? names.map(() => 0);
      row[of]! += 1;
      counts.set(feature, row);
    }
  }
  // fromEntries and not assignment: "__proto__" is a word like any other.
  model.words = Object.fromEntries([...counts].filter(([, row]) => row.reduce((sum, count) => sum + count) >= LEAST_ROWS));
  return model;
}

export interface CountedAnswer {
  name: string;
  /** How sure the counts are, 0.2 to 1 for five operations. Words that go together count twice, so it is surer than it is right. */
  sure: number;
}

/** The operation that a request most likely asks for, as far as counted words can say. */
export function answerCounted({ names, rows, words }: CountedModel, request: string): CountedAnswer {
  const scores = rows.map((count) => Math.log(count + 1));
  for (const feature of features(request)) {
    if (!Object.hasOwn(words, feature)) continue;
    words[feature]!.forEach((count, of) => {
      scores[of]! += Math.log((count + SMOOTHING) / (rows[of]! + 1));
    });
  }
  const best = Math.max(...scores);
  return { name: names[scores.indexOf(best)]!, sure: 1 / scores.reduce((sum, score) => sum + Math.exp(score - best), 0) };
}

/** Of all words in requests, the share that the model never counted: needs no labels, and rises when users talk differently. */
export function unknownWords({ words }: CountedModel, requests: readonly string[]): number {
  const all = requests.flatMap(wordsOf);
  return all.length === 0 ? 0 : all.filter((word) => !Object.hasOwn(words, word)).length / all.length;
}
