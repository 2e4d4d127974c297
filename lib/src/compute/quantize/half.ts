/**
 * The two 16-bit floating point types: fp16 (IEEE 754 binary16: 5 bits of exponent, 10 of fraction) and bf16 (the upper
 * half of an fp32: 8 and 7). Both round to the nearest value, ties to the even one, as NumPy and PyTorch do; what lies
 * beyond the range becomes infinite, and NaN stays NaN (a NaN's payload is not kept).
 */

const FLOAT = new Float32Array(1);
const FLOAT_BITS = new Uint32Array(FLOAT.buffer);

/** Largest finite value of fp16; a T4 computes in this type, and gradients or activations above it are lost. */
export const FLOAT16_MAX = 65504;

/** The bits of each value in fp16, 2 bytes a value. */
export function toFloat16(values: Float32Array): Uint16Array {
  return new Uint16Array(Float16Array.from(values).buffer);
}

export function fromFloat16(bits: Uint16Array): Float32Array {
  return Float32Array.from(new Float16Array(bits.slice().buffer));
}

/** The fp16 value nearest to a number. */
export function roundToFloat16(value: number): number {
  return Math.f16round(value);
}

/** The bits of each value in bf16, 2 bytes a value. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = bfloat16Bits(values[i] as number);
  return bits;
}

export function fromBfloat16(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length);
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
  return values;
}

/** The bf16 value nearest to the fp32 nearest to a number: like PyTorch, by way of fp32. */
export function roundToBfloat16(value: number): number {
  FLOAT_BITS[0] = bfloat16Bits(value) << 16;
  return FLOAT[0] as number;
}

function bfloat16Bits(value: number): number {
  FLOAT[0] = value;
  const bits = FLOAT_BITS[0] as number;
  if (value !== value) return 0x7fc0;
  // Half of the last place kept, less one where that place is even: what carries over is the rounding.
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
