/** The rows that both sides read: ShareGPT, the format of the plan's recipe. */
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { detectRow, exampleText, formatRow, parseJson, parseRow, type Example, type Scope } from "llmops/data";
import { random, writeMixedRows } from "../mixed-rows.ts";

export interface Prepared {
  /** Every row; rows that cannot be converted as they stand in the source, broken ones included. */
  all: string;
  rows: number;
  /** The rows that are valid, for deduplication alone. */
  valid: string;
  validRows: number;
}

/** An example in the recipe's format, where it can be said in it. */
function toShareGpt(line: string): { text: string; example?: Example } {
  const parsed = parseJson(line);
  if (!parsed.ok) return { text: line };
  const format = detectRow(parsed.value)?.format;
  const row = format === undefined ? undefined : parseRow(format, parsed.value);
  if (!row?.ok) return { text: line };
  const written = formatRow("sharegpt", row.example, { plain: true });
  if (!written.ok) return { text: line };
  const text = JSON.stringify(written.row);
  const again = parseRow("sharegpt", written.row);
  return again.ok ? { text, example: again.example } : { text };
}

/**
 * Makes the files of a comparison from a file's first rows, or from generated ones.
 *
 * @param options.rows - how many rows; Infinity for all of a file
 */
export async function gatherRows({ file, rows, seed, folder }: { file?: string; rows: number; seed: number; folder: string }): Promise<Prepared> {
  let source = file;
  if (source === undefined) {
    source = join(folder, "generated.jsonl");
    await writeMixedRows(source, rows, seed);
  }
  const prepared: Prepared = { all: join(folder, "all.jsonl"), rows: 0, valid: join(folder, "valid.jsonl"), validRows: 0 };
  const [all, valid] = [createWriteStream(prepared.all), createWriteStream(prepared.valid)];
  const raw = createReadStream(source);
  const input = source.endsWith(".gz") ? raw.pipe(createGunzip()) : raw;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line.trim() === "") continue;
    if (prepared.rows >= rows) break;
    prepared.rows++;
    const { text, example } = toShareGpt(line);
    if (!all.write(`${text}\n`)) await once(all, "drain");
    if (!example) continue;
    prepared.validRows++;
    if (!valid.write(`${text}\n`)) await once(valid, "drain");
  }
  for (const out of [all, valid]) {
    out.end();
    await once(out, "finish");
  }
  return prepared;
}

/**
 * Rows next to each other, from a place that the seed chooses: near-duplicates often stand close together, and rows
 * drawn here and there would hold few of them.
 */
export async function writeSample({ valid }: Prepared, size: number, seed: number, scope: Scope, folder: string): Promise<{ file: string; texts: string[] }> {
  const lines = readFileSync(valid, "utf8").split("\n").slice(0, -1);
  const from = Math.floor(random(seed)() * Math.max(0, lines.length - size));
  const part = lines.slice(from, from + size);
  const file = join(folder, "sample.jsonl");
  writeFileSync(file, part.map((line) => `${line}\n`).join(""));
  const texts = part.map((line) => {
    const row = parseRow("sharegpt", JSON.parse(line) as unknown);
    if (!row.ok) throw new Error(`a row that was valid is not: ${row.reason}`);
    return exampleText(row.example, scope);
  });
  return { file, texts };
}
