/**
 * The student's copies: `work/` is made from `notebooks/`. An update brings new lessons and refreshes copies that
 * nobody touched; a copy the student changed is never overwritten: the new version is put beside it.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { writeWhole } from "./whole-file.ts";

/** What happened to one lesson's copy; paths are relative to the work folder. */
export type CopyResult =
  | { path: string; outcome: "added" | "refreshed" | "current" | "kept" }
  | { path: string; outcome: "kept-both"; updatePath: string };

interface Delivered {
  /** Fingerprint of the copy as we delivered it: equal means untouched. */
  copy: string;
  /** Fingerprint of the notebook it was made from: different means there is an update. */
  original: string;
}

const LEDGER = ".delivered.json";

/**
 * Brings `work` up to date with `notebooks`.
 *
 * @param notebooks folder of the repository's notebooks
 * @param work the student's folder; a hidden file in it remembers what was delivered
 */
export function updateWorkCopies(notebooks: string, work: string): CopyResult[] {
  const ledgerPath = join(work, LEDGER);
  const ledger: Record<string, Delivered> = existsSync(ledgerPath) ? (JSON.parse(readFileSync(ledgerPath, "utf8")) as Record<string, Delivered>) : {};
  const results: CopyResult[] = [];
  for (const path of listNotebooks(notebooks)) {
    const from = join(notebooks, path);
    const to = join(work, path);
    const original = fingerprint(from);
    const delivered = ledger[path];
    const deliver = (outcome: "added" | "refreshed") => {
      copyWhole(from, to);
      ledger[path] = { copy: fingerprint(to), original };
      results.push({ path, outcome });
    };

    if (!existsSync(to)) {
      deliver("added");
    } else if (fingerprint(to) === original) {
      ledger[path] = { copy: original, original };
      results.push({ path, outcome: "current" });
    } else if (delivered?.original === original) {
      results.push({ path, outcome: fingerprint(to) === delivered.copy ? "current" : "kept" });
    } else if (delivered && fingerprint(to) === delivered.copy) {
      deliver("refreshed");
    } else {
      const updatePath = path.replace(/\.ipynb$/, ".update.ipynb");
      copyWhole(from, join(work, updatePath));
      ledger[path] = { copy: delivered?.copy ?? "", original };
      results.push({ path, outcome: "kept-both", updatePath });
    }
  }
  mkdirSync(work, { recursive: true });
  writeWhole(ledgerPath, JSON.stringify(ledger, null, 2));
  return results;
}

function listNotebooks(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ipynb") && !path.includes(".ipynb_checkpoints"))
    .map((path) => path.split(sep).join("/"))
    .sort();
}

/**
 * Fingerprint of what a student can change: the cells' sources and outputs. JupyterLab rewrites the rest of the file
 * (metadata, key order, indentation) when it merely opens it. A file that is no JSON counts as changed.
 */
function fingerprint(path: string): string {
  const bytes = readFileSync(path);
  let content: string | Buffer = bytes;
  try {
    const { cells } = JSON.parse(bytes.toString("utf8")) as { cells: Record<string, unknown>[] };
    content = JSON.stringify(cells.map((cell) => [cell.cell_type, joinLines(cell.source), textOfOutputs(cell.outputs)]));
  } catch {
    // fall through: fingerprint the bytes
  }
  return createHash("sha256").update(content).digest("hex");
}

const joinLines = (value: unknown) => (Array.isArray(value) ? value.join("") : typeof value === "string" ? value : "");

// JupyterLab adds a picture of every chart that it has drawn.
const DRAWN = "image/png";

function textOfOutputs(outputs: unknown): unknown {
  if (!Array.isArray(outputs)) return null;
  return outputs.map((output: Record<string, unknown>) => {
    const data = output.data as Record<string, unknown> | undefined;
    const types = Object.keys(data ?? {}).sort().filter((type) => type !== DRAWN || !Object.keys(data ?? {}).some((other) => other.includes("vegalite")));
    return [output.output_type, joinLines(output.text), data && types.map((type) => [type, canonical(data[type])])];
  });
}

// A text mime may be stored as one string or as a list of lines; JSON mimes keep their structure.
const canonical = (value: unknown) =>
  Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("") : JSON.stringify(value);

// Copy, then rename: a start that is killed here leaves no half notebook behind.
function copyWhole(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const temporary = `${to}.part`;
  cpSync(from, temporary);
  renameSync(temporary, to);
}


/** The sentences `npm start` prints about the copies. */
export function describeCopies(results: CopyResult[], work: string): string[] {
  const count = (outcome: CopyResult["outcome"]) => results.filter((result) => result.outcome === outcome).length;
  const plural = (n: number) => `${n} lesson${n === 1 ? "" : "s"}`;
  const lines: string[] = [];
  if (count("added")) lines.push(`${plural(count("added"))} added to ${relative(process.cwd(), work) || "."}/`);
  if (count("refreshed")) lines.push(`${plural(count("refreshed"))} refreshed (you had not changed them)`);
  for (const result of results) {
    if (result.outcome !== "kept-both") continue;
    lines.push(`${result.path}: you changed it, so it stays as it is; the new version is ${result.updatePath}`);
  }
  return lines;
}
