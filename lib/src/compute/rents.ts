import type { GpuName } from "./gpus.js";

/** What a machine with one card costs by the hour, or a card's part of a machine with eight. */
export interface Rent {
  gpu: GpuName;
  dollarsPerHour: number;
  offer: string;
  source: string;
  /** The day it was read, YYYY-MM-DD: rents move by the month. */
  read: string;
}

const awsCatalog = "AWS on demand, us-east-1, as github.com/skypilot-org/skypilot-catalog lists it (catalogs/v8/aws/vms.csv at 00148f2a)";
const receipts = (page: string): string => `${page}, as github.com/datareceipts/data-receipts transcribed it (109-gpu-pricing)`;

/** Rents that lessons compute with, without commitment. The same card costs between two and four times as much elsewhere. */
export const RENTS = {
  "t4-aws": { gpu: "t4", dollarsPerHour: 0.526, offer: "AWS g4dn.xlarge", source: awsCatalog, read: "2026-11-21" },
  "l4-aws": { gpu: "l4", dollarsPerHour: 0.8048, offer: "AWS g6.xlarge", source: awsCatalog, read: "2026-11-21" },
  "a100-runpod": { gpu: "a100-80", dollarsPerHour: 1.79, offer: "RunPod Secure, A100 SXM", source: receipts("https://www.runpod.io/pricing"), read: "2026-11-09" },
  "h100-runpod": { gpu: "h100", dollarsPerHour: 3.99, offer: "RunPod Secure, H100 SXM", source: receipts("https://www.runpod.io/pricing"), read: "2026-11-09" },
  "h100-aws": { gpu: "h100", dollarsPerHour: 6.88, offer: "AWS p5.48xlarge, one of eight", source: receipts("AWS's price list, us-east-1"), read: "2026-11-09" },
} as const satisfies Record<string, Rent>;
export type RentName = keyof typeof RENTS;
