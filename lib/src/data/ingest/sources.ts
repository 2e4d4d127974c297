import { createHash } from "node:crypto";
import { promises as fs } from "node:fs";
import { join } from "node:path";
import { FileError, fileError } from "../jsonl/file-error.js";
import { isJsonObject, parseJson } from "../jsonl/json.js";
import { readManifest } from "../report/manifest.js";
import type { DocumentKind } from "./document.js";

/** What a file is read as. */
export type SourceKind = "rows" | DocumentKind;

/** A file that rows or documents are read from. */
export interface SourceFile {
  /** Where it is. */
  path: string;
  /** What it is called in the report: the path as the user gave it, or below the folder the user gave. */
  name: string;
  kind: SourceKind;
  bytes: number;
  sha256: string;
  /** Where the content says something else than the name: what the file is read as. */
  readAs?: string;
}

/** A file that was found and not read, and why. */
export interface SkippedFile {
  name: string;
  reason: string;
}

const KINDS: readonly [RegExp, SourceKind][] = [
  [/\.(?:jsonl|ndjson|json|csv|tsv)(?:\.gz)?$/i, "rows"],
  [/\.parquet$/i, "rows"],
  [/\.(?:md|mdx|markdown)$/i, "markdown"],
  [/\.(?:html?|xhtml)$/i, "html"],
  [/\.(?:txt|text|rst)$/i, "text"],
];
const READABLE = "JSONL, JSON, CSV, TSV (also .gz), Parquet, Markdown, HTML or text";
const IGNORED_FOLDERS = new Set(["node_modules", "__pycache__", "__MACOSX"]);
/** What a build writes beside its rows. A teacher is not to be paid for pairs of a report, nor rejected rows to come back. */
const DATASET_FILES = new Set(["manifest.json", "rejected.jsonl", "data_report.md", "data_report.json", "report"]);

/**
 * Finds the files that paths stand for. Folders are walked in the order of their names; hidden files, `node_modules`,
 * the folders in `exclude` and, of a dataset that a build made, all but its rows are passed over. A file found twice is taken once.
 * A text file whose lines are JSON objects is read as rows.
 *
 * @param paths - files and folders
 * @param exclude - real paths of folders that are not to be read, such as the output
 * @returns the files to read, in order, and those that cannot be read as a dataset, each with the reason
 * @throws FileError when a path does not exist, or when a file that is named itself cannot be read as a dataset
 */
export async function findSources(
  paths: readonly string[],
  { exclude = [], signal }: { exclude?: readonly string[]; signal?: AbortSignal } = {},
): Promise<{ sources: SourceFile[]; skipped: SkippedFile[] }> {
  const sources: SourceFile[] = [];
  const skipped: SkippedFile[] = [];
  const seen = new Set<string>();

  const take = async (path: string, named: boolean): Promise<void> => {
    signal?.throwIfAborted();
    const name = path.split("\\").join("/");
    const real = await fs.realpath(path).catch(async (error: unknown) => {
      // A pipe, such as /dev/stdin, is there and has no real path.
      const piped = await fs.stat(path).then((stat) => !stat.isFile() && !stat.isDirectory(), () => false);
      throw piped ? new FileError("unsupported", path, "is a pipe, and a build reads its sources more than once", "write it to a file first") : fileError(error, path, "read");
    });
    if (seen.has(real) || exclude.includes(real)) {
      if (named) skipped.push({ name, reason: seen.has(real) ? "is given twice; it was read once" : "is the output of this build" });
      return;
    }
    seen.add(real);
    const stat = await fs.stat(path);
    if (stat.isDirectory()) {
      const entries = await fs.readdir(path).catch((error: unknown) => { throw fileError(error, path, "read"); });
      const besideRows = readManifest(path) ? DATASET_FILES : undefined;
      for (const entry of entries.sort()) {
        if (entry.startsWith(".") || IGNORED_FOLDERS.has(entry) || besideRows?.has(entry)) continue;
        try {
          await take(join(path, entry), false);
        } catch (error) {
          if (!(error instanceof FileError)) throw error;
          skipped.push({ name: join(path, entry).split("\\").join("/"), reason: error.message });
        }
      }
      return;
    }
    const { kind, reason, readAs } = await kindOfFile(path, stat.size);
    if (kind) sources.push({ path, name, kind, bytes: stat.size, sha256: await hashFile(path, signal), ...(readAs === undefined ? {} : { readAs }) });
    else if (named) throw new FileError("unsupported", path, reason, `give a file of ${READABLE}`);
    else skipped.push({ name, reason });
  };
  for (const path of paths) await take(path, true);
  return { sources, skipped };
}

type KindOrReason = { kind: SourceKind; readAs?: string; reason?: undefined } | { kind?: undefined; readAs?: undefined; reason: string };

async function kindOfFile(path: string, size: number): Promise<KindOrReason> {
  const stat = await fs.stat(path);
  if (!stat.isFile()) return { reason: "is no ordinary file" };
  if (size === 0) return { reason: "is empty" };
  const head = await readHead(path);
  const kind = KINDS.find(([pattern]) => pattern.test(path))?.[1];
  if (kind === "rows") return { kind };
  const wide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (head.includes(0) && !wide) return { reason: "is a binary file" };
  if (kind === "text" && (await holdsJsonLines(path, head))) return { kind: "rows", readAs: "JSON Lines: its lines are JSON objects, and no prose" };
  if (kind) return { kind };
  if (/^\uFEFF?\s*[[{]/.test(head.toString("utf8"))) return { kind: "rows" };
  return { reason: `is of a kind that is not known; rename it if it is ${READABLE}` };
}

/** How much of a text file is looked at that begins as JSON Lines would: room for a first row of 1 MiB. */
const JSON_HEAD_BYTES = 1 << 20;

/** Whether a text file holds rows: its first line is a JSON object, as are most of those after it (a few may be broken). */
async function holdsJsonLines(path: string, head: Buffer): Promise<boolean> {
  const begins = (bytes: Buffer): string => bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (!/^\s*\{/.test(begins(head))) return false;
  const wide = await readHead(path, JSON_HEAD_BYTES);
  const lines = begins(wide).split("\n");
  if (wide.length === JSON_HEAD_BYTES) lines.pop(); // cut off
  const objects = lines.filter((line) => /\S/.test(line)).map((line) => {
    const parsed = parseJson(line);
    return parsed.ok && isJsonObject(parsed.value);
  });
  return objects[0] === true && objects.filter(Boolean).length * 2 > objects.length;
}

async function readHead(path: string, length = 8192): Promise<Buffer> {
  const handle = await fs.open(path).catch((error: unknown) => { throw fileError(error, path, "read"); });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

const HASHED_AT_ONCE = 256 * 1024;

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  // One buffer for the whole file: a stream takes a new one for each piece, and they add up before they are collected.
  const buffer = Buffer.allocUnsafeSlow(HASHED_AT_ONCE);
  try {
    const file = await fs.open(path);
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer);
        if (bytesRead === 0) break;
        signal?.throwIfAborted();
        hash.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw fileError(error, path, "read");
  }
  return hash.digest("hex");
}
