/** The tensors on which our quantisation is compared with bitsandbytes, PyTorch, gguf and llama.cpp. */
import { dynamicCodebook, fp4Codebook, heavyTailedSample, nf4Codebook, normalSample } from "llmops/compute";

export interface QuantizeCase {
  name: string;
  values: Float32Array;
  /** Values of a row; a multiple of 256 where GGUF's types are to take it. */
  columns: number;
}

/** Values at the edges: between two codes, at the ends, zero of both signs, blocks of zeros, the smallest there are. */
function edges(largest: number): Float32Array {
  const halfway = [...nf4Codebook(), ...fp4Codebook().toSorted(), ...dynamicCodebook()].flatMap((value, i, all) => [value, Math.fround((value + (all[i + 1] ?? 1)) / 2)]);
  const blocks: number[][] = [
    Array<number>(64).fill(0),
    // Not a block of negative zeros alone: of 32: llama.cpp and gguf give its scale two signs.
    Array.from({ length: 64 }, (_, i) => (i % 32 === 8 ? 0.5 : -0)),
    Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 1e-45 : -3e-42)),
    Array.from({ length: 64 }, (_, i) => (i === 9 ? largest : i)),
    Array.from({ length: 64 }, (_, i) => (i === 63 ? -1 : (i - 31.5) / 31.5)),
    Array<number>(64).fill(-0.25),
    Array<number>(64).fill(7),
  ];
  for (let at = 0; at < halfway.length; at += 63) blocks.push([1, ...halfway.slice(at, at + 63)]);
  const values = blocks.flat();
  return Float32Array.from({ length: Math.ceil(values.length / 256) * 256 }, (_, i) => values[i] ?? 0);
}

/** @param factor how much larger than in the fixtures */
export function quantizeCases(factor = 1): QuantizeCase[] {
  return [
    { name: "normal", values: normalSample(1024 * factor, { seed: 62, scale: 0.02 }), columns: 256 },
    { name: "heavy-tailed", values: heavyTailedSample(1024 * factor, { seed: 5, scale: 0.02 }), columns: 256 },
    { name: "edges", values: edges(factor === 1 ? 6e4 : 3e38), columns: 256 },
    { name: "a short last block", values: normalSample(199, { seed: 7 }), columns: 199 },
    { name: "scales in two blocks", values: scaled(260 * factor), columns: 64 },
  ];
}

/** So many blocks of 64, each with a size of its own, over four powers of ten. */
function scaled(blocks: number): Float32Array {
  const sizes = heavyTailedSample(blocks, { seed: 11 });
  return normalSample(64 * blocks, { seed: 13, scale: 0.02 }).map((value, i) => value * (1 + Math.min(100, Math.abs(sizes[i >> 6] as number))));
}
