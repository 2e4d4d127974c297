/**
 * How alike two manners of speaking are, without a model: character n-grams, weighted by TF-IDF, compared by the cosine.
 *
 * It knows letters, not meaning: "well done" and "good work" have nothing in common for it. An embedding model would put them
 * together; whoever has one (OpenAI's `/v1/embeddings`, or `pipeline("feature-extraction", …)` of @huggingface/transformers with
 * a model from the Hub) gives its vectors to {@link nearestCentroid}, and the rest stays as it is.
 */
import { withoutTitles } from "./markers.js";

export interface StyleSample {
  text: string;
  /** Whose voice it is. */
  label: string;
  /** Titles and dates, which are no style. */
  said?: readonly string[];
}

/** What a text is nearest to. */
export interface Nearest {
  label: string;
  /** Label to cosine, 1 for the same direction. */
  similarities: Record<string, number>;
  /** By how much the nearest is nearer than the second. */
  margin: number;
}

export interface StyleModel {
  /** Labels, sorted. */
  labels: string[];
  nearest(text: string, said?: readonly string[]): Nearest;
}

type Vector = Map<string, number>;
const SIZES = [2, 3, 4] as const;
/** An n-gram of fewer texts than this says more about the text than about the voice. */
const LEAST_TEXTS = 3;

function grams(text: string, said: readonly string[] = []): Map<string, number> {
  const plain = ` ${withoutTitles(text, said).toLowerCase().replace(/\p{N}+/gu, "0").replace(/\s+/g, " ").trim()} `;
  const counts = new Map<string, number>();
  for (const size of SIZES) for (let at = 0; at + size <= plain.length; at++) counts.set(plain.slice(at, at + size), (counts.get(plain.slice(at, at + size)) ?? 0) + 1);
  return counts;
}

function scaled(vector: Vector): Vector {
  const length = Math.hypot(...vector.values());
  return length === 0 ? vector : new Map([...vector].map(([key, value]) => [key, value / length]));
}

function dot(left: Vector, right: Vector): number {
  let sum = 0;
  for (const [key, value] of left) sum += value * (right.get(key) ?? 0);
  return sum;
}

function rank(labels: readonly string[], cosines: readonly number[]): Nearest {
  const order = cosines.map((_, at) => at).sort((a, b) => (cosines[b] ?? 0) - (cosines[a] ?? 0));
  const [first = 0, second] = order;
  return {
    label: labels[first] ?? "", similarities: Object.fromEntries(labels.map((label, at) => [label, cosines[at] ?? 0])),
    margin: (cosines[first] ?? 0) - (second === undefined ? 0 : (cosines[second] ?? 0)),
  };
}

/**
 * Learns what each voice sounds like from labelled replies.
 *
 * @throws RangeError when there are fewer than two labels: what is nearest among one?
 */
export function fitStyle(samples: readonly StyleSample[]): StyleModel {
  const labels = [...new Set(samples.map(({ label }) => label))].sort();
  if (labels.length < 2) throw new RangeError(`a style is told from others: give samples of two labels at least, not of ${labels.length}`);
  const counted = samples.map(({ text, said, label }) => ({ label, counts: grams(text, said) }));
  const texts = new Map<string, number>();
  for (const { counts } of counted) for (const key of counts.keys()) texts.set(key, (texts.get(key) ?? 0) + 1);
  const weigh = (counts: ReadonlyMap<string, number>): Vector => scaled(new Map([...counts].flatMap(([key, count]) => {
    const seen = texts.get(key) ?? 0;
    return seen < LEAST_TEXTS ? [] : [[key, (1 + Math.log(count)) * Math.log((1 + samples.length) / (1 + seen))] as const];
  })));
  const centroids = labels.map((label) => {
    const sum: Vector = new Map();
    for (const one of counted) if (one.label === label) for (const [key, value] of weigh(one.counts)) sum.set(key, (sum.get(key) ?? 0) + value);
    return scaled(sum);
  });
  return { labels, nearest: (text, said) => {
    const vector = weigh(grams(text, said));
    return rank(labels, centroids.map((centroid) => dot(vector, centroid)));
  } };
}

/**
 * The same over vectors that somebody else made, an embedding model for example.
 *
 * @throws RangeError for vectors of different lengths, or fewer than two labels
 */
export function nearestCentroid(samples: readonly { vector: readonly number[]; label: string }[]): (vector: readonly number[]) => Nearest {
  const labels = [...new Set(samples.map(({ label }) => label))].sort();
  if (labels.length < 2) throw new RangeError(`a style is told from others: give samples of two labels at least, not of ${labels.length}`);
  const width = samples[0]?.vector.length ?? 0;
  const unit = (vector: readonly number[]): number[] => {
    if (vector.length !== width) throw new RangeError(`a vector of ${vector.length} numbers beside vectors of ${width}`);
    const length = Math.hypot(...vector);
    return length === 0 ? [...vector] : vector.map((value) => value / length);
  };
  const centroids = labels.map((label) => unit(samples.filter((sample) => sample.label === label).map(({ vector }) => unit(vector)).reduce((sum, vector) => sum.map((value, at) => value + (vector[at] ?? 0)))));
  return (vector) => {
    const scaledVector = unit(vector);
    return rank(labels, centroids.map((centroid) => centroid.reduce((sum, value, at) => sum + value * (scaledVector[at] ?? 0), 0)));
  };
}
