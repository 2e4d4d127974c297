/**
 * Q4_K: a super-block of 256 values is eight blocks of 32, each with a scale and a minimum in 6 bits; the super-block has
 * a scale of the scales and one of the minimums in fp16. A value is `d · scale · code − dmin · minimum`.
 *
 * Bytes: d (2), dmin (2), scales and minimums (12), codes (128). The search for scale and minimum is that of
 * `make_qkx2_quants` with the constants of `quantize_row_q4_K_ref`, in fp32 and in its order of operations, without
 * which single codes differ.
 */
const BLOCKS = 8;
const SIZE = 32;
const { fround } = Math;
const SUM = new Float32Array(1);
const SUM_BITS = new Int32Array(SUM.buffer);

/** Writes a super-block of 256 values. */
export function quantizeQ4K(values: Float32Array, view: DataView, at: number): void {
  const codes = new Uint8Array(BLOCKS * SIZE);
  const [scales, minimums] = [new Float32Array(BLOCKS), new Float32Array(BLOCKS)];
  for (let block = 0; block < BLOCKS; block++) {
    const [start, end] = [block * SIZE, (block + 1) * SIZE];
    const fit = fitBlock(values.subarray(start, end));
    codes.set(fit.codes, start);
    scales[block] = fit.scale;
    minimums[block] = -fit.minimum;
  }
  const [largestScale, largestMinimum] = [Math.max(0, ...scales), Math.max(0, ...minimums)];
  view.setFloat16(at, fround(largestScale / 63), true);
  view.setFloat16(at + 2, fround(largestMinimum / 63), true);
  const sixBits = (values: Float32Array, largest: number): Uint8Array => {
    const inverse = largest > 0 ? fround(63 / largest) : 0;
    return Uint8Array.from(values, (value) => Math.min(63, nearest(fround(inverse * value)) & 0xff));
  };
  packScales(sixBits(scales, largestScale), sixBits(minimums, largestMinimum), view, at + 4);
  // Once more with the scales as they were rounded.
  const [d, dmin] = [view.getFloat16(at, true), view.getFloat16(at + 2, true)];
  for (let block = 0; block < BLOCKS; block++) {
    const { scale, minimum } = unpackScale(block, view, at + 4);
    const step = fround(d * scale);
    if (step === 0) continue;
    const low = fround(dmin * minimum);
    for (let i = block * SIZE; i < (block + 1) * SIZE; i++) codes[i] = clampCode(nearest(fround(fround((values[i] as number) + low) / step)));
  }
  // Two blocks share 32 bytes: the first in the lower four bits, the second in the upper.
  for (let pair = 0; pair < BLOCKS / 2; pair++) {
    for (let i = 0; i < SIZE; i++) {
      const [low, high] = [codes[2 * pair * SIZE + i] as number, codes[(2 * pair + 1) * SIZE + i] as number];
      view.setUint8(at + 16 + pair * SIZE + i, low | (high << 4));
    }
  }
}

/** Reads a super-block into 256 values. */
export function dequantizeQ4K(view: DataView, at: number, values: Float32Array): void {
  const [d, dmin] = [view.getFloat16(at, true), view.getFloat16(at + 2, true)];
  for (let block = 0; block < BLOCKS; block++) {
    const { scale, minimum } = unpackScale(block, view, at + 4);
    const [step, low] = [fround(d * scale), fround(dmin * minimum)];
    for (let i = 0; i < SIZE; i++) {
      const pair = view.getUint8(at + 16 + (block >> 1) * SIZE + i);
      values[block * SIZE + i] = fround(step * (block % 2 === 0 ? pair & 0xf : pair >> 4)) - low;
    }
  }
}

/** The scale and the minimum (zero or less) that fit 32 values best, large values weighing more, among 21 tries. */
function fitBlock(x: Float32Array): { codes: Uint8Array; scale: number; minimum: number } {
  let squares = 0;
  for (const value of x) squares = fround(squares + fround(value * value));
  const typical = fround(Math.sqrt(fround(squares / SIZE)));
  const weights = x.map((value) => typical + Math.abs(value));
  let [minimum, maximum] = [x[0] as number, x[0] as number];
  let sumW = weights[0] as number;
  let sumX = fround(sumW * minimum);
  for (let i = 1; i < SIZE; i++) {
    const [value, weight] = [x[i] as number, weights[i] as number];
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
    sumW = fround(sumW + weight);
    sumX = fround(sumX + fround(weight * value));
  }
  if (minimum > 0) minimum = 0;
  let codes = new Uint8Array(SIZE);
  if (maximum === minimum) return { codes, scale: 0, minimum };
  const firstInverse = fround(15 / fround(maximum - minimum));
  let scale = fround(1 / firstInverse);
  for (let i = 0; i < SIZE; i++) codes[i] = codeOf(x[i] as number, minimum, firstInverse);
  let leastError = errorOf(x, weights, codes, scale, minimum);
  for (let step = 0; step <= 20; step++) {
    // Range and codes are taken from the best minimum so far, not from the block's own: so has the reference.
    const inverse = fround(fround(fround(-1 + fround(fround(0.1) * step)) + 15) / fround(maximum - minimum));
    const tried = new Uint8Array(SIZE);
    let [sumL, sumL2, sumXL] = [0, 0, 0];
    for (let i = 0; i < SIZE; i++) {
      const code = codeOf(x[i] as number, minimum, inverse);
      tried[i] = code;
      const weighted = fround((weights[i] as number) * code);
      sumL = fround(sumL + weighted);
      sumL2 = fround(sumL2 + fround(weighted * code));
      sumXL = fround(sumXL + fround(weighted * (x[i] as number)));
    }
    const determinant = fround(fround(sumW * sumL2) - fround(sumL * sumL));
    if (determinant <= 0) continue;
    let newScale = fround(fround(fround(sumW * sumXL) - fround(sumX * sumL)) / determinant);
    let newMinimum = fround(fround(fround(sumL2 * sumX) - fround(sumL * sumXL)) / determinant);
    if (newMinimum > 0) {
      newMinimum = 0;
      newScale = fround(sumXL / sumL2);
    }
    const error = errorOf(x, weights, tried, newScale, newMinimum);
    if (error < leastError) [leastError, codes, scale, minimum] = [error, tried, newScale, newMinimum];
  }
  return { codes, scale, minimum };
}

const clampCode = (code: number): number => Math.max(0, Math.min(15, code));
const codeOf = (value: number, minimum: number, inverse: number): number => clampCode(nearest(fround(inverse * fround(value - minimum))));

function errorOf(x: Float32Array, weights: Float32Array, codes: Uint8Array, scale: number, minimum: number): number {
  let error = 0;
  for (let i = 0; i < SIZE; i++) {
    const difference = fround(fround(fround(scale * (codes[i] as number)) + minimum) - (x[i] as number));
    error = fround(error + fround((weights[i] as number) * fround(difference * difference)));
  }
  return error;
}

/**
 * ggml's rounding: 1.5 · 2²³ is added, so that the sum's last place is one, and the fraction's bits are the number; ties
 * go to even. Infinity, which a block of the smallest numbers leads to, comes out below all codes there, and so here.
 */
function nearest(value: number): number {
  SUM[0] = value + 12_582_912;
  return ((SUM_BITS[0] as number) & 0x7fffff) - 0x400000;
}

/** 6 bits each: the first four scales and minimums lie in bytes 0–7, the others in 8–11 and the upper bits of 0–7. */
function packScales(scales: Uint8Array, minimums: Uint8Array, view: DataView, at: number): void {
  for (let j = 0; j < 4; j++) {
    const [scale, minimum] = [scales[j + 4] as number, minimums[j + 4] as number];
    view.setUint8(at + j, (scales[j] as number) | ((scale >> 4) << 6));
    view.setUint8(at + 4 + j, (minimums[j] as number) | ((minimum >> 4) << 6));
    view.setUint8(at + 8 + j, (scale & 0xf) | ((minimum & 0xf) << 4));
  }
}

function unpackScale(block: number, view: DataView, at: number): { scale: number; minimum: number } {
  const j = block % 4;
  const [first, second, rest] = [view.getUint8(at + j), view.getUint8(at + 4 + j), view.getUint8(at + 8 + j)];
  if (block < 4) return { scale: first & 63, minimum: second & 63 };
  return { scale: (rest & 0xf) | ((first >> 6) << 4), minimum: (rest >> 4) | ((second >> 6) << 4) };
}
