/** Every type under one name, to be compared in one loop. */
import { dequantizeFourBit, quantizeFourBit } from "./four-bit.js";
import { dequantizeGguf, GGUF_BLOCKS, quantizeGguf, type GgufType } from "./gguf.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./half.js";
import { dequantizeInt8, quantizeInt8, type Int8Options } from "./int8.js";
import { quantizationError, type QuantizationError } from "./errors.js";
import { rowsOf } from "./values.js";

export type NumberType =
  | "fp32" | "fp16" | "bf16" | "int8 per tensor" | "int8 per row" | "int8 per 64" | "fp4" | "nf4" | "nf4 double" | GgufType;

/** Values that went through a type and came back, and the bytes they took in between. */
export interface Stored {
  values: Float32Array;
  bytes: number;
}

type RoundTrip = (values: Float32Array, columns: number) => Stored;

const int8 = (per: NonNullable<Int8Options["per"]>): RoundTrip => (values, columns) => {
  const tensor = quantizeInt8(values, { columns, per });
  return { values: dequantizeInt8(tensor), bytes: tensor.bytes };
};
const fourBit = (type: "nf4" | "fp4", doubleQuant: boolean): RoundTrip => (values) => {
  const tensor = quantizeFourBit(values, { type, doubleQuant });
  return { values: dequantizeFourBit(tensor), bytes: tensor.bytes };
};
const gguf = (kind: GgufType): RoundTrip => (values, columns) => {
  const { values: size } = GGUF_BLOCKS[kind];
  if (columns % size !== 0) throw new RangeError(`${kind} needs rows of whole blocks of ${size} values; these have ${columns}`);
  const tensor = quantizeGguf(kind, values);
  return { values: dequantizeGguf(tensor), bytes: tensor.bytes };
};

const ROUND_TRIPS: Record<NumberType, RoundTrip> = {
  fp32: (values) => ({ values: values.slice(), bytes: 4 * values.length }),
  fp16: (values) => ({ values: fromFloat16(toFloat16(values)), bytes: 2 * values.length }),
  bf16: (values) => ({ values: fromBfloat16(toBfloat16(values)), bytes: 2 * values.length }),
  "int8 per tensor": int8("tensor"),
  "int8 per row": int8("row"),
  "int8 per 64": int8(64),
  Q8_0: gguf("Q8_0"),
  fp4: fourBit("fp4", false),
  nf4: fourBit("nf4", false),
  "nf4 double": fourBit("nf4", true),
  Q4_0: gguf("Q4_0"),
  Q4_K: gguf("Q4_K"),
};

/** From most bits to fewest, a family together. */
export const NUMBER_TYPES = Object.keys(ROUND_TRIPS) as readonly NumberType[];

/**
 * Stores a matrix in a type and reads it back.
 *
 * @throws RangeError when the type cannot hold it: not finite, or rows that are not whole blocks
 */
export function storeAs(type: NumberType, values: Float32Array, columns: number): Stored {
  rowsOf(values, columns);
  return ROUND_TRIPS[type](values, columns);
}

export interface TypeReport extends QuantizationError {
  type: NumberType;
  bytes: number;
  /** Scales included. */
  bitsPerWeight: number;
}

/** Size and loss of a matrix in a type. */
export function measureType(type: NumberType, values: Float32Array, columns: number): TypeReport {
  const { values: restored, bytes } = storeAs(type, values, columns);
  return { type, bytes, bitsPerWeight: (8 * bytes) / values.length, ...quantizationError(values, restored) };
}
