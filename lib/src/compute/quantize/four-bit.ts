/**
 * NF4 and FP4 as bitsandbytes 0.50.2 stores them (`quantize_4bit`): blocks of 64 values, each divided by its largest
 * magnitude, the nearest of 16 codes, two codes a byte with the first in the upper half. Double quantisation stores the
 * scales themselves in 8 bits.
 *
 * Bit by bit what its kernel for CPUs gives. On a GPU the reciprocal and the mean are rounded another way, so single
 * codes at the edge between two values, and the last places of scales, may differ there; not tried.
 */
import { fp4Codebook, midpoints, nf4Codebook, placeAmong } from "./codebooks.js";
import { dequantizeDynamic, quantizeDynamic, type DynamicOptions, type DynamicTensor } from "./dynamic.js";
import { absmaxOf, assertBlockSize, assertFinite } from "./values.js";

export type FourBitType = "nf4" | "fp4";

export interface FourBitOptions {
  /** Default "nf4". */
  type?: FourBitType;
  /** Values that share a scale (default 64). */
  blockSize?: number;
  /** Stores the scales in 8 bits, less their mean, in blocks of 256 (`compress_statistics`). Default false. */
  doubleQuant?: boolean;
  /** How the scales find their 8-bit code; see {@link DynamicOptions}. */
  lookup?: NonNullable<DynamicOptions["lookup"]>;
  /**
   * The mean taken off the scales; computed unless given. PyTorch's sum depends on the processor in its last places:
   * with its mean given, its bytes come out.
   */
  offset?: number;
}

/** Scales in 8 bits: `codebook[code] × absmax + offset`. */
export interface NestedScales {
  readonly kind: "nested";
  readonly scales: DynamicTensor;
  readonly offset: number;
}

export interface FourBitTensor {
  readonly kind: FourBitType;
  /** Two codes a byte, the first in the upper four bits. */
  readonly packed: Uint8Array;
  readonly absmax: Float32Array | NestedScales;
  readonly blockSize: number;
  readonly length: number;
  /** Codes and scales. The codebooks (64 bytes, with double quantisation 1,088) are not counted: they do not grow. */
  readonly bytes: number;
}

interface Codebook {
  values: Float32Array;
  /** Codes by the order of their values, and the midpoints between them. */
  order: Uint8Array;
  bounds: Float32Array;
}

const CODEBOOKS: Record<FourBitType, Codebook> = { nf4: ordered(nf4Codebook()), fp4: ordered(fp4Codebook()) };
/** Keeps the reciprocal of a block of zeros finite. */
const LEAST = Math.fround(1e-38);

/** @throws RangeError when a value is not finite or a block is not an even number of values */
export function quantizeFourBit(values: Float32Array, { type = "nf4", blockSize = 64, doubleQuant = false, lookup, offset }: FourBitOptions = {}): FourBitTensor {
  assertFinite(values);
  assertBlockSize(blockSize);
  const { order, bounds } = CODEBOOKS[type];
  const packed = new Uint8Array(Math.ceil(values.length / 2));
  const absmax = new Float32Array(Math.ceil(values.length / blockSize));
  for (let block = 0; block < absmax.length; block++) {
    const [start, end] = [block * blockSize, Math.min((block + 1) * blockSize, values.length)];
    const whole = end - start === blockSize;
    const largest = absmaxOf(values, start, end);
    // A block that is not full is divided instead of multiplied by the reciprocal, and its scale kept above zero.
    absmax[block] = whole ? largest : Math.max(largest, LEAST);
    const inverse = Math.fround(1 / Math.max(largest, LEAST));
    for (let i = start; i < end; i++) {
      const value = values[i] as number;
      const scaled = Math.fround(whole ? value * inverse : value / Math.max(largest, LEAST));
      put(packed, i, order[placeAmong(bounds, Math.max(-1, Math.min(1, scaled)))] as number);
    }
  }
  // The half of the last byte that no value fills holds the code of zero.
  if (values.length % 2 === 1) put(packed, values.length, order[placeAmong(bounds, 0)] as number);
  const scales = doubleQuant ? nest(absmax, lookup, offset) : absmax;
  return { kind: type, packed, absmax: scales, blockSize, length: values.length, bytes: packed.length + bytesOf(scales) };
}

export function dequantizeFourBit(tensor: FourBitTensor): Float32Array {
  const { values: codebook } = CODEBOOKS[tensor.kind];
  const absmax = scalesOf(tensor);
  const codes = codesOf(tensor);
  const values = new Float32Array(tensor.length);
  for (let i = 0; i < values.length; i++) values[i] = (codebook[codes[i] as number] as number) * (absmax[Math.floor(i / tensor.blockSize)] as number);
  return values;
}

/** The codes, one a byte. */
export function codesOf({ packed, length }: FourBitTensor): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i % 2 === 0 ? (packed[i >> 1] as number) >> 4 : (packed[i >> 1] as number) & 0xf));
}

/** The scale of each block, as dequantisation uses it. */
export function scalesOf({ absmax }: FourBitTensor): Float32Array {
  if (absmax instanceof Float32Array) return absmax;
  return dequantizeDynamic(absmax.scales).map((scale) => scale + absmax.offset);
}

/**
 * Bytes that `parameters` weights take in blocks that are all full: 4 bits a weight, and 32 bits a block, or with double
 * quantisation 8 bits a block, 32 bits a 256 blocks and 32 bits for the mean.
 */
export function fourBitBytes(parameters: number, { blockSize = 64, doubleQuant = false }: Pick<FourBitOptions, "blockSize" | "doubleQuant"> = {}): number {
  const blocks = Math.ceil(parameters / blockSize);
  return Math.ceil(parameters / 2) + (doubleQuant ? blocks + 4 * Math.ceil(blocks / 256) + 4 : 4 * blocks);
}

function ordered(values: Float32Array): Codebook {
  const order = Uint8Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number));
  return { values, order, bounds: midpoints(Float32Array.from(order, (code) => values[code] as number)) };
}

function put(packed: Uint8Array, i: number, code: number): void {
  packed[i >> 1] = (packed[i >> 1] as number) | (i % 2 === 0 ? code << 4 : code);
}

function nest(absmax: Float32Array, lookup: DynamicOptions["lookup"], given: number | undefined): NestedScales {
  const offset = Math.fround(given ?? absmax.reduce((sum, scale) => sum + scale, 0) / Math.max(1, absmax.length));
  const scales = quantizeDynamic(absmax.map((scale) => scale - offset), { blockSize: 256, ...(lookup ? { lookup } : {}) });
  return { kind: "nested", scales, offset };
}

const bytesOf = (scales: FourBitTensor["absmax"]): number => (scales instanceof Float32Array ? 4 * scales.length : scales.scales.bytes + 4);
