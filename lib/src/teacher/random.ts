/**
 * Seeded pseudo-random numbers. Everything the simulator writes and every variety axis of a prompt is drawn from
 * here, so that equal seeds give equal bytes on every machine. Not for secrets.
 */

/** 128-bit string hash (cyrb128, public domain, bryc). Good avalanche, no dependency, same on every platform. */
function hash128(text: string): [number, number, number, number] {
  let h1 = 1779033703;
  let h2 = 3144134277;
  let h3 = 1013904242;
  let h4 = 2773480762;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067);
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233);
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213);
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179);
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067);
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233);
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213);
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179);
  h1 ^= h2 ^ h3 ^ h4;
  return [h1 >>> 0, (h2 ^ h1) >>> 0, (h3 ^ h1) >>> 0, (h4 ^ h1) >>> 0];
}

/** A stream of draws that depends only on the key it was made from (generator: sfc32, 128-bit state). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** @param key Anything printable; parts are joined, so `new Random(7, "titles", 3)` names one stream. */
  constructor(...key: (string | number)[]) {
    [this.#a, this.#b, this.#c, this.#counter] = hash128(key.join("\u0000"));
    for (let i = 0; i < 12; i++) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return (sum >>> 0) / 4294967296;
  }

  /** Uniform integer in [low, high], both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One element of a non-empty list. Throws RangeError on an empty one. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("pick needs a list with at least one element");
    return list[Math.floor(this.next() * list.length)] as T;
  }

  /** One key of a table, with probability proportional to its weight. Throws RangeError when no weight is above 0. */
  weighted<K extends string>(table: Readonly<Partial<Record<K, number>>>): K {
    const entries = (Object.entries(table) as [K, number][]).filter(([, weight]) => weight > 0);
    const last = entries.at(-1);
    if (last === undefined) throw new RangeError("weighted needs at least one weight above 0");
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return last[0];
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [copy[i], copy[j]] = [copy[j] as T, copy[i] as T];
    }
    return copy;
  }

  /** `count` different elements in random order (all of them when the list is shorter). */
  sample<T>(list: readonly T[], count: number): T[] {
    return this.shuffle(list).slice(0, count);
  }
}
