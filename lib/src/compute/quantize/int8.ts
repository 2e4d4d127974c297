/**
 * Absmax quantisation to 8 bits: a scale is the largest magnitude, and a code the nearest of 127 equal steps to each
 * side of zero, ties to even. By row it is what LLM.int8() stores of a weight matrix (Dettmers et al., 2022,
 * https://arxiv.org/abs/2208.07339; bitsandbytes 0.50.2, `int8_vectorwise_quant`).
 */
import { assertFinite, rowsOf } from "./values.js";
import { fromFloat16, toFloat16 } from "./half.js";

export interface Int8Options {
  /** Values of a row; by default all are one row. */
  columns?: number;
  /** What shares a scale (default "row"). A number is a block of that many values, within a row. */
  per?: "tensor" | "row" | number;
  /**
   * Columns that hold a magnitude of at least this are kept in fp16 beside the codes, as LLM.int8() does with
   * activations (there 6.0). Off by default: weights are stored without.
   */
  outlierThreshold?: number;
}

export interface Int8Tensor {
  readonly kind: "int8";
  readonly codes: Int8Array;
  /** fp32, in the order of the groups. */
  readonly scales: Float32Array;
  readonly columns: number;
  readonly groupSize: number;
  readonly outliers?: { readonly columns: readonly number[]; /** fp16 bits, row by row. */ readonly values: Uint16Array };
  /** One byte a code, 4 a scale; 2 an outlier and 8 the number of its column, which PyTorch holds as int64. */
  readonly bytes: number;
}

/**
 * @throws RangeError when a value is not finite, the rows do not come out even, or a block does not divide a row
 */
export function quantizeInt8(values: Float32Array, { columns = values.length, per = "row", outlierThreshold }: Int8Options = {}): Int8Tensor {
  assertFinite(values);
  const rows = rowsOf(values, columns);
  const groupSize = per === "tensor" ? values.length : per === "row" ? columns : per;
  if (!Number.isInteger(groupSize) || groupSize < 1 || (per !== "tensor" && columns % groupSize !== 0)) {
    throw new RangeError(`a block of ${groupSize} values does not divide a row of ${columns}; choose a divisor of the row`);
  }
  const outlying = outlierThreshold === undefined ? [] : outlierColumns(values, columns, outlierThreshold);
  const within = outlierThreshold === undefined ? Infinity : Math.fround(outlierThreshold);
  const codes = new Int8Array(values.length);
  const scales = new Float32Array(Math.ceil(values.length / groupSize));
  for (let group = 0; group < scales.length; group++) {
    const [start, end] = [group * groupSize, Math.min((group + 1) * groupSize, values.length)];
    let absmax = 0;
    for (let i = start; i < end; i++) {
      const size = Math.abs(values[i] as number);
      if (size < within && size > absmax) absmax = size;
    }
    scales[group] = absmax;
    if (absmax === 0) continue;
    // PyTorch divides a number by a tensor so: reciprocal first. Of the smallest fp32 numbers the reciprocal is infinite.
    const factor = Math.fround(Math.fround(1 / absmax) * 127);
    for (let i = start; i < end; i++) {
      const value = values[i] as number;
      if (Math.abs(value) < within) codes[i] = roundHalfEven(factor === Infinity ? (value / absmax) * 127 : Math.fround(value * factor));
    }
  }
  if (outlying.length === 0) return { kind: "int8", codes, scales, columns, groupSize, bytes: codes.length + 4 * scales.length };
  const kept = new Float32Array(rows * outlying.length);
  for (let row = 0; row < rows; row++) {
    for (const [place, column] of outlying.entries()) {
      kept[row * outlying.length + place] = values[row * columns + column] as number;
      codes[row * columns + column] = 0;
    }
  }
  return {
    kind: "int8", codes, scales, columns, groupSize, outliers: { columns: outlying, values: toFloat16(kept) },
    bytes: codes.length + 4 * scales.length + 2 * kept.length + 8 * outlying.length,
  };
}

export function dequantizeInt8({ codes, scales, columns, groupSize, outliers }: Int8Tensor): Float32Array {
  // The reciprocal of 127, as bitsandbytes multiplies by it: at most one place off the division.
  const step = Math.fround(7.874015718698502e-3);
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    values[i] = Math.fround((codes[i] as number) * (scales[Math.floor(i / groupSize)] as number)) * step;
  }
  if (outliers) {
    const kept = fromFloat16(outliers.values);
    const width = outliers.columns.length;
    for (let i = 0; i < kept.length; i++) values[Math.floor(i / width) * columns + (outliers.columns[i % width] as number)] = kept[i] as number;
  }
  return values;
}

function outlierColumns(values: Float32Array, columns: number, threshold: number): number[] {
  if (!(threshold > 0)) throw new RangeError(`the threshold of outliers must be over 0, not ${threshold}`);
  const found = new Uint8Array(columns);
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i] as number) >= Math.fround(threshold)) found[i % columns] = 1;
  return Array.from(found.keys()).filter((column) => found[column] === 1);
}

/** To the nearest whole number, and from halfway to the even one (IEEE 754; `torch.round`). */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const above = value - floor;
  if (above !== 0.5) return above < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
