/** Our quantisation against what bitsandbytes, PyTorch, gguf and llama.cpp gave for the same tensor, byte by byte. */
import { createHash } from "node:crypto";
import {
  dequantizeFourBit, dequantizeGguf, dequantizeInt8, fromFloat16, quantizeDynamic, quantizeFourBit, quantizeGguf, quantizeInt8,
  scalesOf, toFloat16, type GgufType, type Int8Tensor, type NestedScales,
} from "llmops/compute";
import type { QuantizeCase } from "./quantize-cases.ts";

/** Where the outlier columns of the check begin: large enough that some rows have none. */
export const OUTLIER_THRESHOLD = 0.06;

/**
 * Raw bytes of a result, by its name in check_quantize.py, or their SHA-256 in hexadecimal where they are too many to
 * keep; undefined where Python had no such result.
 */
export type Results = (what: string) => Uint8Array | string | undefined;

export interface Parity {
  check: string;
  /** Elements that differ, of so many. */
  differing: number;
  of: number;
  /** The first that differs. */
  first?: string;
}

export const sha256 = (bytes: ArrayBufferView): string => createHash("sha256").update(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)).digest("hex");
const float32 = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer);

/** Bit by bit, except that one NaN is as good as another. */
function compare(check: string, ours: Float32Array | Uint8Array | Int8Array, theirs: Float32Array | Uint8Array | Int8Array): Parity {
  let [differing, first] = [0, ""];
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    if (Object.is(ours[i], theirs[i])) continue;
    if (differing++ === 0) first = `element ${i}: ours ${ours[i]}, theirs ${theirs[i]}`;
  }
  return { check, differing, of: theirs.length, ...(differing ? { first } : {}) };
}

export function compareWith({ name, values, columns }: QuantizeCase, results: Results): Parity[] {
  const found: Parity[] = [];
  const held = (what: string, ours: () => Float32Array | Uint8Array | Int8Array): void => {
    const theirs = results(what);
    if (!theirs) return;
    const mine = ours();
    if (typeof theirs === "string") {
      const same = sha256(mine) === theirs;
      found.push({ check: `${name}: ${what}`, differing: same ? 0 : 1, of: 1, ...(same ? {} : { first: "another SHA-256" }) });
      return;
    }
    const same = mine instanceof Float32Array ? float32(theirs) : mine instanceof Int8Array ? new Int8Array(theirs.slice().buffer) : theirs;
    found.push(compare(`${name}: ${what}`, mine, same));
  };
  for (const type of ["nf4", "fp4"] as const) {
    const tensor = quantizeFourBit(values, { type });
    held(`${type}.packed`, () => tensor.packed);
    held(`${type}.absmax`, () => tensor.absmax as Float32Array);
    held(`${type}.values`, () => dequantizeFourBit(tensor));
  }
  const offset = results("nested.offset");
  if (offset instanceof Uint8Array) {
    const nested = quantizeFourBit(values, { doubleQuant: true, lookup: "table", offset: float32(offset)[0] as number });
    const scales = nested.absmax as NestedScales;
    held("nested.codes", () => scales.scales.codes);
    held("nested.absmax", () => scales.scales.absmax);
    held("nested.values", () => dequantizeFourBit(nested));
    const plain = scalesOf(quantizeFourBit(values)).map((scale) => scale - scales.offset);
    held("general.codes", () => quantizeDynamic(plain).codes);
    held("general.absmax", () => quantizeDynamic(plain).absmax);
  }
  const int8 = quantizeInt8(values, { columns });
  held("int8.codes", () => int8.codes);
  held("int8.scales", () => int8.scales);
  held("int8.values", () => dequantizeInt8(int8));
  const half = (): Int8Tensor => quantizeInt8(fromFloat16(toFloat16(values)), { columns });
  held("int8-half.codes", () => half().codes);
  held("int8-half.scales", () => half().scales);
  const outliers = quantizeInt8(values, { columns, outlierThreshold: OUTLIER_THRESHOLD });
  held("outliers.codes", () => outliers.codes);
  held("outliers.scales", () => outliers.scales);
  held("outliers.columns", () => new Uint8Array(Int32Array.from(outliers.outliers?.columns ?? []).buffer));
  if (values.length % 256 !== 0) return found;
  for (const kind of ["Q8_0", "Q4_0", "Q4_K"] satisfies GgufType[]) {
    const tensor = quantizeGguf(kind, values);
    held(`gguf.${kind}`, () => tensor.blocks);
    held(`gguf.${kind}.values`, () => dequantizeGguf(tensor));
    held(`llama.${kind}`, () => tensor.blocks);
    held(`llama.${kind}.values`, () => dequantizeGguf(tensor));
    held(`gguf-reads.${kind}.values`, () => dequantizeGguf(tensor));
  }
  return found;
}

/** How far our mean of the scales is from PyTorch's, in units of its last place. */
export function offsetDistance({ values }: QuantizeCase, offset: Uint8Array): number {
  const ours = quantizeFourBit(values, { doubleQuant: true }).absmax as NestedScales;
  const bits = new Int32Array(Float32Array.of(ours.offset, float32(offset)[0] as number).buffer);
  return Math.abs((bits[0] as number) - (bits[1] as number));
}

