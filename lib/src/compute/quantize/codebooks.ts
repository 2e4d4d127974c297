/**
 * The codebooks of bitsandbytes, computed as its functions compute them (bitsandbytes 0.50.2, functional.py:
 * `create_normal_map`, `create_fp8_map`, `create_dynamic_map`). A codebook is a list of values in [−1, 1]; a code is a
 * place in it.
 */
import { normalQuantile } from "./normal.js";

/**
 * `torch.linspace` in fp32: the second half is counted from the end, so that both ends are exact. Multiplied and added
 * with one rounding, as PyTorch does on a processor with FMA; without it, some last bits of the dynamic codebook differ.
 */
function linspace(from: number, to: number, count: number): number[] {
  const [start, end] = [Math.fround(from), Math.fround(to)];
  const step = Math.fround(Math.fround(end - start) / (count - 1));
  return Array.from({ length: count }, (_, i) => {
    const back = count - 1 - i;
    return Math.fround(i < count / 2 ? start + step * i : end - step * back);
  });
}

/**
 * NF4, "4-bit NormalFloat" (Dettmers et al., "QLoRA", 2023, https://arxiv.org/abs/2305.14314): 8 quantiles of the normal
 * distribution above zero, 7 below, and zero itself, divided by the largest. Each code is used about equally often when
 * weights are normal, which is what makes the type fit them.
 *
 * @param offset - the outermost share. bitsandbytes' 0.9677083 is 1 − ½(1/30 + 1/32): half a step from the end of 15 and
 *   of 16 steps, averaged, since the quantile of 1 is infinite.
 */
export function nf4Codebook(offset = 0.9677083): Float32Array {
  const positive = linspace(offset, 0.5, 9).slice(0, -1).map(normalQuantile);
  const negative = linspace(offset, 0.5, 8).slice(0, -1).map((share) => -normalQuantile(share));
  const values = Float32Array.from([...negative, 0, ...positive]).sort();
  const largest = values[15] as number;
  return values.map((value) => value / largest);
}

/**
 * FP4 as bitsandbytes has it: a sign, two bits of exponent, one of fraction, divided by the largest value (12). Its codes
 * are bit patterns, so the values are not in order; the patterns are those of `get_4bit_type("fp4")`.
 */
export function fp4Codebook(): Float32Array {
  // Magnitudes by pattern 000 … 111. The exponents run 2, 3, 1, 0 for 01x, 10x, 11x: a numbering of its own, which the
  // GPU's decision tree has as well.
  const magnitudes = [0, 0.0625, 8, 12, 4, 6, 2, 3];
  return Float32Array.from([...magnitudes, ...magnitudes.map((value) => (value === 0 ? 0 : -value))], (value) => value / 12);
}

/**
 * The signed 8-bit "dynamic" type (Dettmers, "8-Bit Approximations for Parallelism in Deep Learning", 2015,
 * https://arxiv.org/abs/1511.04561): seven powers of ten, and between two of them 1, 2, 4 … 64 equal steps, so that
 * small values keep relative precision and large ones absolute. 256 values in order, from −0.993 to 1.
 */
export function dynamicCodebook(): Float32Array {
  const values = [0, 1];
  for (let power = 0; power < 7; power++) {
    const bounds = linspace(0.1, 1, 2 ** power + 1);
    const unit = Math.fround(10 ** (power - 6));
    for (let i = 0; i + 1 < bounds.length; i++) {
      const middle = Math.fround(Math.fround((bounds[i] as number) + (bounds[i + 1] as number)) / 2);
      const value = Math.fround(unit * middle);
      values.push(value, -value);
    }
  }
  return Float32Array.from(values).sort();
}

/** The values halfway between neighbours of an ordered codebook: what lies above the i-th belongs to code i + 1 or more. */
export function midpoints(ordered: Float32Array): Float32Array {
  return Float32Array.from({ length: ordered.length - 1 }, (_, i) => Math.fround((ordered[i] as number) + (ordered[i + 1] as number)) / 2);
}

/** How many of the bounds lie below a value: the place of the nearest value in the ordered codebook, ties to the lower. */
export function placeAmong(bounds: Float32Array, value: number): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
