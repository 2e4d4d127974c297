/** What the tools need to know of a notebook file (nbformat 4.5). */
import { readFileSync } from "node:fs";
import { z } from "zod";

const Text = z.union([z.string(), z.array(z.string())]);

const Output = z.looseObject({
  output_type: z.enum(["stream", "display_data", "execute_result", "error"]),
  name: z.string().optional(),
  text: Text.optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  ename: z.string().optional(),
  evalue: z.string().optional(),
  traceback: z.array(z.string()).optional(),
});
export type Output = z.infer<typeof Output>;

const Cell = z.looseObject({
  cell_type: z.enum(["code", "markdown", "raw"]),
  id: z.string(),
  source: Text,
  metadata: z.looseObject({ tags: z.array(z.string()).optional() }),
  execution_count: z.number().nullable().optional(),
  outputs: z.array(Output).optional(),
});
export type Cell = z.infer<typeof Cell>;

/** What a notebook says of its own making; `npm test` compares it with the sources. */
export const Provenance = z.strictObject({
  lesson: z.string(),
  audience: z.enum(["student", "instructor"]),
  /** SHA-256 of the lesson source. */
  source: z.string(),
  /** SHA-256 of the parts of lib that the lesson reaches through its imports. */
  lib: z.string(),
  /** Whether the outputs were made by a run of exactly these code cells and lib; prose makes no output. */
  executed: z.boolean(),
});
export type Provenance = z.infer<typeof Provenance>;

export const Notebook = z.looseObject({
  nbformat: z.literal(4),
  nbformat_minor: z.number(),
  metadata: z.looseObject({ workbook: Provenance.optional() }),
  cells: z.array(Cell),
});
export type Notebook = z.infer<typeof Notebook>;

export function readNotebook(path: string): Notebook {
  return Notebook.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** nbformat stores text as one string or as a list of lines. */
export const textOf = (value: unknown): string => (Array.isArray(value) ? value.join("") : typeof value === "string" ? value : "");
