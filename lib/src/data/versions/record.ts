import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../clean/content.js";
import { FORMATS } from "../example.js";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** How much a version changes for those who use the dataset. */
export const BUMPS = ["major", "minor", "patch"] as const;
export type Bump = (typeof BUMPS)[number];

/** One published version: what is in it, where it came from, why it is a version of its own. */
export const VersionRecordSchema = z.object({
  kind: z.literal("llmops-dataset-version"),
  schema: z.literal(1),
  name: z.string(),
  version: z.string(),
  message: z.string(),
  /** ISO 8601, UTC. */
  publishedAt: z.string(),
  /** Hash of the rows, see content.ts. */
  content: Sha256,
  rows: z.number(),
  /** What most rows are; null where they are of no format of this library. */
  format: z.enum(FORMATS).nullable(),
  splits: z.array(z.object({ name: z.string(), rows: z.number(), content: Sha256, files: z.array(z.string()) })),
  /** Every file with the hash of its bytes, by which it is stored. */
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: Sha256 })),
  /** Top-level fields of the rows, with their types and in how many rows they stand. */
  fields: z.array(z.object({ field: z.string(), types: z.array(z.string()), rows: z.number() })),
  /** The version before it; null for the first. */
  parent: z.object({ version: z.string(), content: Sha256 }).nullable(),
  /** What the difference to the parent asks for, and why; null for the first. */
  change: z.object({ proposed: z.enum(BUMPS), reasons: z.array(z.string()) }).nullable(),
  /** How it was built: with sources and their hashes, and the settings (personal data, filter, teacher). Null when no build made it. */
  build: z.object({
    library: z.string(),
    seed: z.number(),
    settings: z.record(z.string(), z.unknown()),
    sources: z.array(z.object({ name: z.string(), kind: z.string(), bytes: z.number(), sha256: Sha256 })),
    /** Files that are no longer as the build wrote them: corrected by hand, for instance. */
    changedSince: z.array(z.string()),
  }).nullable(),
  /** SHA-256 of this record without this field, as JSON with sorted keys. */
  digest: Sha256,
});
export type VersionRecord = z.infer<typeof VersionRecordSchema>;

/** The digest of a record. */
export function recordDigest(record: Omit<VersionRecord, "digest"> & { digest?: string }): string {
  const rest: Record<string, unknown> = { ...record };
  delete rest["digest"];
  return createHash("sha256").update(canonicalJson(rest)).digest("hex");
}
