/**
 * The block types of GGUF files, byte by byte as llama.cpp's reference makes them (ggml/src/ggml-quants.c,
 * `quantize_row_…_ref`, and the Python package gguf 0.19.0). A block holds its scale in fp16 and its codes.
 *
 * | type | values a block | bytes a block | bits a weight |
 * | --- | ---: | ---: | ---: |
 * | Q8_0 | 32 | 34 | 8.5 |
 * | Q4_0 | 32 | 18 | 4.5 |
 * | Q4_K | 256 | 144 | 4.5 |
 *
 * A file called "Q4_K_M" mixes types: Q4_K for most matrices, Q6_K for some.
 */
import { dequantizeQ4K, quantizeQ4K } from "./q4-k.js";
import { assertFinite } from "./values.js";

export const GGUF_BLOCKS = {
  Q8_0: { values: 32, bytes: 34 },
  Q4_0: { values: 32, bytes: 18 },
  Q4_K: { values: 256, bytes: 144 },
} as const;

export type GgufType = keyof typeof GGUF_BLOCKS;

export interface GgufTensor {
  readonly kind: GgufType;
  /** The blocks as they stand in a file. */
  readonly blocks: Uint8Array;
  readonly length: number;
  readonly bytes: number;
}

/** @throws RangeError when a value is not finite, or the values are not whole blocks; llama.cpp asks that of each row */
export function quantizeGguf(kind: GgufType, values: Float32Array): GgufTensor {
  assertFinite(values);
  const blocks = new Uint8Array(ggufBytes(kind, values.length));
  const view = new DataView(blocks.buffer);
  const { values: size, bytes } = GGUF_BLOCKS[kind];
  for (let start = 0, at = 0; start < values.length; start += size, at += bytes) BLOCK[kind].write(values.subarray(start, start + size), view, at);
  return { kind, blocks, length: values.length, bytes: blocks.length };
}

/** @throws RangeError when the bytes are not whole blocks of the type */
export function dequantizeGguf({ kind, blocks }: Pick<GgufTensor, "kind" | "blocks">): Float32Array {
  const { values: size, bytes } = GGUF_BLOCKS[kind];
  if (blocks.length % bytes !== 0) throw new RangeError(`${blocks.length} bytes are not whole blocks of ${kind}, which have ${bytes}`);
  const values = new Float32Array((blocks.length / bytes) * size);
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.byteLength);
  for (let start = 0, at = 0; start < values.length; start += size, at += bytes) BLOCK[kind].read(view, at, values.subarray(start, start + size));
  return values;
}

/** @throws RangeError when the values are not whole blocks */
export function ggufBytes(kind: GgufType, parameters: number): number {
  const { values, bytes } = GGUF_BLOCKS[kind];
  if (parameters % values !== 0) throw new RangeError(`${parameters} values are not whole blocks of ${kind}, which have ${values}`);
  return (parameters / values) * bytes;
}

interface Block {
  write(values: Float32Array, view: DataView, at: number): void;
  read(view: DataView, at: number, values: Float32Array): void;
}

const BLOCK: Record<GgufType, Block> = {
  /** Scale = largest magnitude / 127; codes −127 … 127, rounded half away from zero. */
  Q8_0: {
    write(values, view, at) {
      let absmax = 0;
      for (const value of values) absmax = Math.max(absmax, Math.abs(value));
      const scale = Math.fround(absmax / 127);
      const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
      view.setFloat16(at, scale, true);
      for (let i = 0; i < values.length; i++) {
        const scaled = Math.fround((values[i] as number) * inverse);
        view.setInt8(at + 2 + i, Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5));
      }
    },
    read(view, at, values) {
      const scale = view.getFloat16(at, true);
      for (let i = 0; i < values.length; i++) values[i] = view.getInt8(at + 2 + i) * scale;
    },
  },
  /** Scale = the value of largest magnitude, with its sign, / −8: that value is code 0, and 16 steps reach past zero. */
  Q4_0: {
    write(values, view, at) {
      let farthest = 0;
      for (const value of values) if (Math.abs(value) > Math.abs(farthest)) farthest = value;
      const scale = Math.fround(farthest / -8);
      const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
      const code = (i: number): number => {
        const scaled = Math.fround(Math.fround((values[i] as number) * inverse) + 8.5);
        // Below about 2e-38 the inverse is infinite; the reference's cast then gives 0.
        return Number.isFinite(scaled) ? Math.min(15, Math.trunc(scaled)) : 0;
      };
      view.setFloat16(at, scale, true);
      // The first half of the block lies in the lower four bits, the second in the upper.
      for (let i = 0; i < 16; i++) view.setUint8(at + 2 + i, code(i) | (code(i + 16) << 4));
    },
    read(view, at, values) {
      const scale = view.getFloat16(at, true);
      for (let i = 0; i < 16; i++) {
        const pair = view.getUint8(at + 2 + i);
        values[i] = ((pair & 0xf) - 8) * scale;
        values[i + 16] = ((pair >> 4) - 8) * scale;
      }
    },
  },
  Q4_K: { write: quantizeQ4K, read: dequantizeQ4K },
};
