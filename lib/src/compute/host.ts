import { countParameters } from "./parameters.js";
import { GIB, totalBytes } from "./plan.js";
import type { ModelShape } from "./shape.js";
import { storageOf, type StorageName } from "./storage.js";
import { weightTerms } from "./weights.js";

/** The machine around a card. */
export interface Host {
  name: string;
  ramBytes: number;
  diskBytes: number;
  source: string;
}

/** Machines that labs are given. RAM and disk are what is free when a notebook starts. */
export const HOSTS = {
  "colab-free": { name: "Colab, free", ramBytes: 11.6 * GIB, diskBytes: 71 * GIB, source: "a fresh free T4 runtime: 12.7 GB of RAM with some 1.1 GiB taken (also https://linux-blog.anracom.com/2023/05/04/google-colab-ram-vram-and-gpu-usage-limits-i-no-clear-conditions-over-multiple-sessions/), 112.6 GB of disk with some 39 taken" },
  "colab-high-ram": { name: "Colab, high RAM", ramBytes: 49 * GIB, diskBytes: 71 * GIB, source: "a paid runtime with high RAM: 51 GB" },
} as const satisfies Record<string, Host>;
export type HostName = keyof typeof HOSTS;

/** What loading, and exporting, takes of RAM and disk. */
export interface HostPlan {
  ramBytes: number;
  diskBytes: number;
  fits: boolean;
  /** One sentence for each that does not fit, with its remedy. */
  problems: string[];
}

/** A safetensors shard, and what Python, PyTorch and the CUDA libraries take of RAM. */
const SHARD_BYTES = 5e9;
const PROCESS_BYTES = 3.2 * GIB;

/**
 * RAM and disk of a machine: the download, the largest shard while it is read, and the exports that are asked for.
 *
 * @param download - how the checkpoint that is downloaded is stored: a 16-bit one is packed on the way to the card
 * @param exports - what is written at the end: a merged 16-bit model and GGUF files
 */
export function planHost(shape: ModelShape, download: StorageName, exports: readonly StorageName[], host: Host): HostPlan {
  const size = (storage: StorageName): number => totalBytes(weightTerms(shape, storage));
  const downloaded = size(download);
  // Merging needs the 16-bit weights in RAM; without it only a shard at a time passes through.
  const merged = exports.length > 0 ? 2 * countParameters(shape).total : 0;
  const ramBytes = PROCESS_BYTES + Math.max(Math.min(downloaded, SHARD_BYTES), merged);
  const diskBytes = downloaded + merged + exports.filter((name) => storageOf(name).wholeModel === true).reduce((sum, name) => sum + size(name), 0);
  const problems: string[] = [];
  const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`;
  if (ramBytes > host.ramBytes) problems.push(`${gib(ramBytes)} of RAM are needed and ${host.name} has ${gib(host.ramBytes)}: ${merged > 0 ? "merge shard by shard, or export the adapter alone and merge elsewhere" : "load a checkpoint in smaller shards"}`);
  if (diskBytes > host.diskBytes) problems.push(`${gib(diskBytes)} of disk are needed and ${host.name} has ${gib(host.diskBytes)}: ${merged > 0 ? "export one file at a time to Drive" : "download a packed checkpoint"}`);
  return { ramBytes, diskBytes, fits: problems.length === 0, problems };
}
