import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a built dataset is made of, and from what. Holds no time, so that equal builds have equal bytes. */
export const ManifestSchema = z.object({
  kind: z.literal("llmops-dataset"),
  version: z.literal(1),
  /** Version of this library. */
  library: z.string(),
  seed: z.number(),
  settings: z.record(z.string(), z.unknown()),
  sources: z.array(z.object({ name: z.string(), kind: z.string(), bytes: z.number(), sha256: Sha256 })),
  /** Every file beside this one; `rows` for files of rows. */
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: Sha256, rows: z.number().optional() })),
  rows: z.object({ in: z.number(), out: z.number(), rejected: z.number() }),
});
export type Manifest = z.infer<typeof ManifestSchema>;

/**
 * The manifest of a dataset folder.
 *
 * @returns undefined when there is none, or one of another kind
 */
export function readManifest(folder: string): Manifest | undefined {
  try {
    const parsed = ManifestSchema.safeParse(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
