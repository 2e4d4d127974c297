import { exampleText, type Scope } from "../clean/content.js";
import type { Example } from "../example.js";
import { excerpt } from "./finding.js";
import { wordsOf } from "./words.js";

/**
 * What a model was trained on must not stand in what it is tested with. Brown et al. 2020 ("Language Models are Few-Shot
 * Learners", appendix C) remove text that shares a 13-gram with a test set; Chowdhery et al. 2022 (PaLM, section 8) call
 * a test item contaminated when 70% of its 8-grams were seen. Chat turns are shorter than web pages and share polite
 * phrases, so the default here is PaLM's: words, 8-grams, 70% of the test row.
 */
export interface DecontaminationOptions {
  /** Words in a run. Default 8. */
  ngram?: number;
  /** Share of a test row's runs that a training row has to hold, over 0 to 1. Default 0.7. With a tiny number, one run is enough, as for GPT-3. */
  threshold?: number;
  /** Test rows with fewer words say too little to be recognised. Those with fewer than `ngram` are compared as one run. Default 5. */
  minWords?: number;
  /** The part of an example that is compared. Default `conversation`. */
  scope?: Scope;
}

/** Where a training row holds a test row. */
export interface Contamination {
  /** The name given with the test row, and its number as it was added, from 0. */
  source: string;
  row: number;
  /** Share of the test row's runs that stand in the training row. */
  share: number;
  /** The longest stretch of words that both have. */
  span: string;
}

const BASE = 0x01000193;

/** Two 32-bit hashes of a run of words, joined to a number below 2^53: among a million runs, two share it with probability 6e-5. */
function keyOf(words: readonly string[], start: number, size: number): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let at = start; at < start + size; at++) {
    const word = words[at] as string;
    for (let i = 0; i < word.length; i++) {
      const unit = word.charCodeAt(i);
      low = Math.imul(low ^ unit, BASE);
      high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 15);
    }
    low = Math.imul(low ^ 0x20, BASE);
    high = Math.imul(high ^ 0x20, 0xc2b2ae35);
  }
  return (high >>> 11) * 4294967296 + (low >>> 0);
}

/**
 * The runs of words of test rows, for asking about training rows one at a time: memory grows with the test rows alone,
 * about 100 bytes a word.
 */
export class ContaminationIndex {
  readonly ngram: number;
  readonly threshold: number;
  readonly #minWords: number;
  readonly #scope: Scope;
  readonly #rows: { source: string; row: number; runs: number; words: number }[] = [];
  readonly #runs = new Map<number, number[]>();
  /** Lengths of the runs: `ngram`, and those of test rows with fewer words. */
  readonly #lengths = new Set<number>();
  #skipped = 0;

  /** Throws RangeError for settings that make no sense. */
  constructor({ ngram = 8, threshold = 0.7, minWords = 5, scope = "conversation" }: DecontaminationOptions = {}) {
    if (!Number.isInteger(ngram) || ngram < 2) throw new RangeError(`ngram must be a whole number of at least 2, not ${ngram}`);
    if (!(threshold > 0 && threshold <= 1)) throw new RangeError(`the threshold must be over 0 and at most 1, not ${threshold}`);
    if (!Number.isInteger(minWords) || minWords < 1) throw new RangeError(`minWords must be a whole number of at least 1, not ${minWords}`);
    this.ngram = ngram;
    this.threshold = threshold;
    this.#minWords = minWords;
    this.#scope = scope;
  }

  /** Test rows that can be recognised, and those too short for it. */
  get rows(): number {
    return this.#rows.length;
  }

  get skipped(): number {
    return this.#skipped;
  }

  /** Adds a test row. Returns false when it is too short to be recognised. */
  add(example: Example, source: string, row: number): boolean {
    const words = wordsOf(exampleText(example, this.#scope));
    if (words.length < this.#minWords) {
      this.#skipped++;
      return false;
    }
    const size = Math.min(this.ngram, words.length);
    const keys = new Set<number>();
    for (let start = 0; start + size <= words.length; start++) keys.add(keyOf(words, start, size));
    const number = this.#rows.push({ source, row, runs: keys.size, words: words.length }) - 1;
    this.#lengths.add(size);
    for (const key of keys) {
      const holders = this.#runs.get(key);
      if (holders) holders.push(number);
      else this.#runs.set(key, [number]);
    }
    return true;
  }

  /** The test row that most of stands in a training row; undefined where none reaches the threshold. */
  find(example: Example): Contamination | undefined {
    const words = wordsOf(exampleText(example, this.#scope));
    const shared = new Map<number, Map<number, number>>();
    for (const size of this.#lengths) {
      for (let start = 0; start + size <= words.length; start++) {
        const key = keyOf(words, start, size);
        for (const number of this.#runs.get(key) ?? []) {
          const runs = shared.get(number) ?? new Map<number, number>();
          if (!runs.has(key)) runs.set(key, start);
          shared.set(number, runs);
        }
      }
    }
    let best: { number: number; share: number } | undefined;
    for (const [number, runs] of shared) {
      const share = runs.size / (this.#rows[number]?.runs ?? Infinity);
      // A rounding error must not decide whether 7 of 10 reach 0.7.
      if (share >= this.threshold - 1e-12 && (best === undefined || share > best.share)) best = { number, share };
    }
    const found = best && this.#rows[best.number];
    if (!best || !found) return undefined;
    const starts = [...(shared.get(best.number)?.values() ?? [])].sort((a, b) => a - b);
    return { source: found.source, row: found.row, share: best.share, span: longestSpan(words, starts, Math.min(this.ngram, found.words)) };
  }
}

function longestSpan(words: readonly string[], starts: readonly number[], size: number): string {
  let [bestStart, bestEnd] = [0, 0];
  let from = starts[0] ?? 0;
  starts.forEach((start, i) => {
    if (i > 0 && start !== (starts[i - 1] ?? 0) + 1) from = start;
    if (start + size - from > bestEnd - bestStart) [bestStart, bestEnd] = [from, start + size];
  });
  return words.slice(bestStart, bestEnd).join(" ");
}

/** One sentence about a contamination. */
export function contaminationReason({ source, row, share, span }: Contamination): string {
  return `holds ${Math.round(100 * share)}% of ${source} row ${row + 1}: "${excerpt(span, 80)}"`;
}

/** Training rows without those that hold a test row. */
export interface Decontaminated {
  kept: Example[];
  /** `index` is the place in the training rows. */
  removed: (Contamination & { index: number })[];
  /** Test rows too short to be recognised. */
  skipped: number;
}

/**
 * Removes training rows that hold a test row.
 *
 * @param train - not changed
 * @param evals - one set, or several by name
 */
export function decontaminate(
  train: readonly Example[], evals: readonly Example[] | Readonly<Record<string, readonly Example[]>>, options: DecontaminationOptions = {},
): Decontaminated {
  const index = new ContaminationIndex(options);
  const sets = Array.isArray(evals) ? [["eval", evals as readonly Example[]] as const] : Object.entries(evals as Readonly<Record<string, readonly Example[]>>);
  for (const [name, examples] of sets) examples.forEach((example, row) => index.add(example, name, row));
  const kept: Example[] = [];
  const removed: Decontaminated["removed"] = [];
  train.forEach((example, at) => {
    const found = index.find(example);
    if (found) removed.push({ index: at, ...found });
    else kept.push(example);
  });
  return { kept, removed, skipped: index.skipped };
}
