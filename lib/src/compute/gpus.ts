import { ComputeError } from "./error.js";
import { GIB } from "./plan.js";

/** A card, as far as plans look at it. */
export interface Gpu {
  name: string;
  /** What PyTorch sees of it: less than the number on the box. */
  usableBytes: number;
  /** Bytes a second. */
  bandwidth: number;
  /** Dense tensor-core rates, operations a second; absent where the card has no units for it. */
  flops: { fp32: number; fp16: number; bf16?: number; fp8?: number; int8?: number };
  /** CUDA compute capability: 7.5 has no bf16, below 8.0 no FlashAttention 2. */
  capability: number;
  source: string;
}

const T = 1e12;
const nvidia = (what: string): string => `NVIDIA ${what} datasheet`;

/** Cards that notebooks and labs have. */
export const GPUS = {
  t4: { name: "Tesla T4", usableBytes: 14.74 * GIB, bandwidth: 320e9, flops: { fp32: 8.1 * T, fp16: 65 * T, int8: 130 * T }, capability: 7.5, source: `${nvidia("T4")}; 14.741 GiB is what Colab's notebooks print` },
  v100: { name: "Tesla V100 16GB", usableBytes: 15.77 * GIB, bandwidth: 900e9, flops: { fp32: 15.7 * T, fp16: 125 * T }, capability: 7.0, source: nvidia("V100") },
  p100: { name: "Tesla P100 16GB", usableBytes: 15.89 * GIB, bandwidth: 732e9, flops: { fp32: 9.3 * T, fp16: 18.7 * T }, capability: 6.0, source: nvidia("P100") },
  l4: { name: "L4", usableBytes: 22.16 * GIB, bandwidth: 300e9, flops: { fp32: 30.3 * T, fp16: 121 * T, bf16: 121 * T, fp8: 242 * T, int8: 242 * T }, capability: 8.9, source: nvidia("L4") },
  "rtx-3060": { name: "RTX 3060 12GB", usableBytes: 11.76 * GIB, bandwidth: 360e9, flops: { fp32: 12.7 * T, fp16: 51 * T, bf16: 51 * T, int8: 102 * T }, capability: 8.6, source: "NVIDIA Ampere GA10x whitepaper" },
  "rtx-3090": { name: "RTX 3090", usableBytes: 23.69 * GIB, bandwidth: 936e9, flops: { fp32: 35.6 * T, fp16: 71 * T, bf16: 71 * T, int8: 284 * T }, capability: 8.6, source: "NVIDIA Ampere GA10x whitepaper" },
  "rtx-4090": { name: "RTX 4090", usableBytes: 23.64 * GIB, bandwidth: 1008e9, flops: { fp32: 82.6 * T, fp16: 165 * T, bf16: 165 * T, fp8: 330 * T, int8: 661 * T }, capability: 8.9, source: "NVIDIA Ada whitepaper" },
  a10g: { name: "A10G", usableBytes: 22.06 * GIB, bandwidth: 600e9, flops: { fp32: 31.2 * T, fp16: 70 * T, bf16: 70 * T, int8: 140 * T }, capability: 8.6, source: nvidia("A10") },
  a6000: { name: "RTX A6000", usableBytes: 47.54 * GIB, bandwidth: 768e9, flops: { fp32: 38.7 * T, fp16: 155 * T, bf16: 155 * T, int8: 310 * T }, capability: 8.6, source: nvidia("RTX A6000") },
  l40s: { name: "L40S", usableBytes: 44.42 * GIB, bandwidth: 864e9, flops: { fp32: 91.6 * T, fp16: 362 * T, bf16: 362 * T, fp8: 733 * T, int8: 733 * T }, capability: 8.9, source: nvidia("L40S") },
  "a100-40": { name: "A100 40GB", usableBytes: 39.39 * GIB, bandwidth: 1555e9, flops: { fp32: 19.5 * T, fp16: 312 * T, bf16: 312 * T, int8: 624 * T }, capability: 8.0, source: nvidia("A100") },
  "a100-80": { name: "A100 80GB", usableBytes: 79.15 * GIB, bandwidth: 2039e9, flops: { fp32: 19.5 * T, fp16: 312 * T, bf16: 312 * T, int8: 624 * T }, capability: 8.0, source: nvidia("A100") },
  h20: { name: "H20", usableBytes: 95.0 * GIB, bandwidth: 4000e9, flops: { fp32: 44 * T, fp16: 148 * T, bf16: 148 * T, fp8: 296 * T, int8: 296 * T }, capability: 9.0, source: "NVIDIA H20 product brief, as resellers print it" },
  h100: { name: "H100 SXM 80GB", usableBytes: 79.19 * GIB, bandwidth: 3350e9, flops: { fp32: 67 * T, fp16: 989 * T, bf16: 989 * T, fp8: 1979 * T, int8: 1979 * T }, capability: 9.0, source: nvidia("H100") },
  h200: { name: "H200 SXM", usableBytes: 139.8 * GIB, bandwidth: 4800e9, flops: { fp32: 67 * T, fp16: 989 * T, bf16: 989 * T, fp8: 1979 * T, int8: 1979 * T }, capability: 9.0, source: nvidia("H200") },
} as const satisfies Record<string, Gpu>;
export type GpuName = keyof typeof GPUS;

/** A card by its name here (`t4`), or as NVIDIA and PyTorch print it (`NVIDIA A100-SXM4-80GB`). @throws ComputeError for one that is not known */
export function findGpu(name: string): Gpu {
  const key = name.toLowerCase().replace(/^(?:nvidia|tesla|geforce)\s+/u, "").replace(/^(?:tesla|geforce)\s+/u, "").trim();
  if (Object.hasOwn(GPUS, key)) return GPUS[key as GpuName];
  const flat = key.replace(/[^a-z0-9]/gu, "");
  if (/^a100.*80/u.test(flat)) return GPUS["a100-80"];
  if (/^a100/u.test(flat)) return GPUS["a100-40"];
  // "H20" is no "H200", and "L4" no "L40": behind the name stand at most the form and the memory.
  const words = key.replace(/[^a-z0-9]+/gu, " ");
  const found = Object.entries(GPUS).find(([id]) => new RegExp(`(?:^| )${id.replace(/[^a-z0-9]+/gu, " ?")}(?: (?:sxm\\d?|nvl|pcie|hbm\\d?e?|\\d+ ?gb))*$`, "u").test(words));
  if (found) return found[1];
  throw new ComputeError("gpu", `"${name}" is not known; known are ${Object.keys(GPUS).join(", ")}`);
}

/** Whether the card computes in bf16. */
export function hasBf16(gpu: Gpu): boolean {
  return gpu.capability >= 8;
}

/** What a PyTorch process takes of a card beside PyTorch's memory: CUDA context, kernels, cuBLAS. Unknown cards count as Ampere or later, which load more kernels. */
export function contextOf(gpu: Gpu | undefined): { bytes: number; source: string } {
  return gpu && gpu.capability < 8
    ? { bytes: 141 * 2 ** 20, source: "measured on a T4 after a step, PyTorch 2.10 to 2.14 (datasets/gpu-memory)" }
    : { bytes: 0.45 * GIB, source: "nvidia-smi of an idle PyTorch process" };
}
