/** Matrices for looking into weights: a tensor as a matrix, its singular values, and products as fp32 rounds them. */
import { Matrix, SVD } from "ml-matrix";
import { ComputeError } from "./error.js";
import type { Tensor } from "./safetensors.js";

/** @throws ComputeError for a tensor that is no matrix */
export function toMatrix({ name, shape, values }: Tensor): Matrix {
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined) throw new ComputeError("tensor", `${name} has the shape ${shape.join(" × ")}, and a matrix has two sizes`);
  return Matrix.from1DArray(rows, columns, values);
}

/** All values, row by row, each rounded to fp32. */
export function toValues(matrix: Matrix): Float32Array {
  return Float32Array.from(matrix.to1DArray());
}

/** The largest first. For 256 × 512 about a fifth of a second. */
export function singularValues(matrix: Matrix): number[] {
  return new SVD(matrix, { computeLeftSingularVectors: false, computeRightSingularVectors: false, autoTranspose: true }).diagonal;
}

/**
 * The share of a matrix's energy (the sum of the squares of all its values) that its best approximation of rank 1, 2, 3 … has.
 * It is the share of the first squared singular values (Eckart and Young 1936, https://doi.org/10.1007/BF02288367).
 *
 * @param values - singular values, the largest first
 * @throws ComputeError where all are zero
 */
export function energyByRank(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value * value, 0);
  if (total === 0) throw new ComputeError("singular values", "all are zero: a matrix of zeros has no energy to share");
  let sum = 0;
  return values.map((value) => (sum += value * value) / total);
}

/** The distance between 1 and the next number above it is 2⁻²³ in fp32; a rounding is wrong by at most half of it, relatively. */
export const FLOAT32_UNIT = 2 ** -24;

/**
 * a · b as a processor without fused operations computes it in fp32: every product and every sum is rounded, from left to right.
 *
 * @throws ComputeError where the inner sizes differ
 */
export function multiplyFloat32(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.rows) throw new ComputeError("matrix", `${a.rows} × ${a.columns} cannot be multiplied with ${b.rows} × ${b.columns}: the inner sizes differ`);
  const [left, right] = [toValues(a), toValues(b)], made = new Float32Array(a.rows * b.columns);
  for (let row = 0; row < a.rows; row++) {
    for (let inner = 0; inner < a.columns; inner++) {
      const factor = left[row * a.columns + inner] as number;
      for (let column = 0; column < b.columns; column++) {
        const at = row * b.columns + column;
        // A Float32Array rounds what is stored; the product is rounded before it is added.
        made[at] = (made[at] as number) + Math.fround(factor * (right[inner * b.columns + column] as number));
      }
    }
  }
  return Matrix.from1DArray(a.rows, b.columns, made);
}

/**
 * How far a sum of `terms` products may be off in fp32, as a share of the sum of their magnitudes: γ = n·u ÷ (1 − n·u)
 * (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, SIAM 2002, section 3.1).
 */
export function float32SumBound(terms: number): number {
  return (terms * FLOAT32_UNIT) / (1 - terms * FLOAT32_UNIT);
}
