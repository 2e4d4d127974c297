/** 32-bit words of a parity map: 256 bits. */
const WORDS = 8;

/**
 * For each row, 256 bits: how often, odd or even, its shingles fall on each. Two maps differ in no more bits than the
 * sets have shingles that only one of them holds, so most pairs that are unlike are told apart without their sets,
 * and none that is alike is lost. (Bitmap filter: Sandes, Teodoro, Melo, "Bitmap filter: Speeding up exact set
 * similarity joins with bitwise operations", Information Systems 88, 2020.) 32 bytes a row.
 */
export class ParityMaps {
  readonly #maps: Uint32Array;

  constructor(rows: number) {
    this.#maps = new Uint32Array(rows * WORDS);
  }

  /** Makes the map of a row. */
  set(row: number, shingles: Uint32Array): void {
    const maps = this.#maps;
    const at = row * WORDS;
    maps.fill(0, at, at + WORDS);
    for (let i = 0; i < shingles.length; i++) {
      const bit = (shingles[i] as number) & 0xff;
      const word = at + (bit >> 5);
      maps[word] = (maps[word] as number) ^ (1 << (bit & 31));
    }
  }

  /** A number of shingles that only one of two rows holds; there may be more. */
  difference(first: number, second: number): number {
    const maps = this.#maps;
    let bits = 0;
    for (let word = 0; word < WORDS; word++) {
      bits += countBits((maps[first * WORDS + word] as number) ^ (maps[second * WORDS + word] as number));
    }
    return bits;
  }
}

/** Number of ones among 32 bits (Warren, "Hacker's Delight", 5-1). */
function countBits(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
