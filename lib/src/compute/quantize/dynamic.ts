/**
 * Blockwise quantisation to the 8-bit dynamic codebook (bitsandbytes 0.50.2, `quantize_blockwise`): of 8-bit optimisers,
 * and of the scales of a 4-bit tensor in double quantisation.
 */
import { dynamicCodebook, midpoints, placeAmong } from "./codebooks.js";
import { absmaxOf, assertBlockSize, assertFinite } from "./values.js";

export interface DynamicOptions {
  /** Values that share a scale (default 256). */
  blockSize?: number;
  /**
   * Which code is nearest. "exact" compares with the midpoints of the codebook. "table" first rounds the scaled value to
   * 65,536 equal steps, as bitsandbytes' kernel for CPUs does: near zero, where codes lie closer than a step, its code
   * can be several places off. Default "exact".
   */
  lookup?: "exact" | "table";
}

export interface DynamicTensor {
  readonly kind: "dynamic";
  readonly codes: Uint8Array;
  /** fp32, one a block. */
  readonly absmax: Float32Array;
  readonly blockSize: number;
  /** One byte a code, 4 a block. The codebook (1,024 bytes) is shared by all tensors and not counted. */
  readonly bytes: number;
}

const CODEBOOK = dynamicCodebook();
const MIDPOINTS = midpoints(CODEBOOK);
const TABLE_STEPS = 65_535;

/** @throws RangeError when a value is not finite or a block is not an even number of values */
export function quantizeDynamic(values: Float32Array, { blockSize = 256, lookup = "exact" }: DynamicOptions = {}): DynamicTensor {
  assertFinite(values);
  assertBlockSize(blockSize);
  const codes = new Uint8Array(values.length);
  const absmax = new Float32Array(Math.ceil(values.length / blockSize));
  for (let block = 0; block < absmax.length; block++) {
    const [start, end] = [block * blockSize, Math.min((block + 1) * blockSize, values.length)];
    const largest = absmaxOf(values, start, end);
    absmax[block] = largest;
    if (largest === 0) continue; // code 0 times a scale of 0
    const inverse = Math.fround(1 / largest);
    for (let i = start; i < end; i++) {
      const scaled = Math.max(-1, Math.min(1, Math.fround((values[i] as number) * inverse)));
      codes[i] = placeAmong(MIDPOINTS, lookup === "exact" ? scaled : onTable(scaled));
    }
  }
  return { kind: "dynamic", codes, absmax, blockSize, bytes: codes.length + 4 * absmax.length };
}

export function dequantizeDynamic({ codes, absmax, blockSize }: DynamicTensor): Float32Array {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = (CODEBOOK[codes[i] as number] as number) * (absmax[Math.floor(i / blockSize)] as number);
  return values;
}

function onTable(scaled: number): number {
  // The last multiplication and addition round once: that kernel is compiled for FMA.
  const step = Math.floor(Math.fround(Math.fround(scaled + 1) * 0.5 * TABLE_STEPS + 0.5));
  return Math.fround(-1 + Math.fround((2 * step) / TABLE_STEPS));
}
