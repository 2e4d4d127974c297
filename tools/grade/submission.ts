/** A student's notebook: found, read, and matched with its lesson. Nothing here writes into the folder it came from. */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, sep } from "node:path";

/** Larger files are not read: a notebook with every output of a lesson has some hundred kilobytes. */
const LARGEST_BYTES = 50 << 20;

export interface Submission {
  path: string;
  /** Below the folder that is graded, with forward slashes. */
  file: string;
  /** The first folder below it, else the file's name. */
  student: string;
}

/** Every notebook below a folder, by name; autosaves and macOS's shadow files left out. Links are not followed. */
export function findSubmissions(folder: string): { submissions: Submission[]; links: string[] } {
  const submissions: Submission[] = [];
  const links: string[] = [];
  const walk = (below: string) => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(below, entry.name);
      if (entry.name === ".ipynb_checkpoints" || entry.name === "__MACOSX" || entry.name === "node_modules") continue;
      if (entry.isDirectory()) walk(path);
      else if (!/\.ipynb$/i.test(entry.name) || entry.name.startsWith("._")) continue;
      else if (entry.isSymbolicLink()) links.push(path.split(sep).join("/"));
      else if (entry.isFile()) {
        const file = path.split(sep).join("/");
        const [first] = file.split("/");
        submissions.push({ path: join(folder, path), file, student: file.includes("/") ? first! : basename(first!).replace(/\.ipynb$/i, "") });
      }
    }
  };
  walk("");
  return { submissions, links };
}

/** Why a notebook cannot be graded at all, in words for the instructor. */
export class UnreadableError extends Error {}

export interface ReadSubmission {
  /** SHA-256 of the file. */
  hash: string;
  /** Sources of the code cells, in their order, with the number that the cell has in the notebook (from 1). */
  cells: { number: number; source: string }[];
  lesson: string;
}

/** SHA-256 of a file's bytes, without reading what is too large to be a notebook. */
export function hashOf(path: string): string {
  const { size } = lstatSync(path);
  if (size > LARGEST_BYTES) throw new UnreadableError(`${(size / 2 ** 20).toFixed(0)} MiB: larger than the ${LARGEST_BYTES >> 20} MiB that are read; clear its outputs and hand it in again`);
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** @param lessons the ids of the course's lessons that have exercises */
export function readSubmission(path: string, lessons: ReadonlySet<string>): ReadSubmission {
  const hash = hashOf(path);
  const text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  if (text.trim() === "") throw new UnreadableError("the file is empty");
  let notebook: unknown;
  try {
    notebook = JSON.parse(text);
  } catch (error) {
    throw new UnreadableError(`not JSON: ${(error as Error).message.slice(0, 120)}`);
  }
  const cells = recordOf(notebook)["cells"];
  if (!Array.isArray(cells)) {
    const old = Array.isArray(recordOf(notebook)["worksheets"]);
    throw new UnreadableError(old ? "notebook format 3: open it in JupyterLab, save it, and hand it in again" : "JSON, but no notebook: it has no list of cells");
  }
  const sources = cells.map((cell) => {
    const { cell_type, source } = recordOf(cell);
    return { kind: cell_type, text: typeof source === "string" ? source : Array.isArray(source) ? source.filter((line) => typeof line === "string").join("") : "" };
  });
  const lesson = lessonOf(notebook, sources, lessons);
  if (lesson === undefined) throw new UnreadableError("no lesson of this course: neither its metadata, nor a title like “# 63.7 …”, nor an import of llmops/exercises/… names one that has exercises");
  return {
    hash,
    lesson,
    cells: sources.flatMap(({ kind, text: source }, index) => (kind === "code" && source.trim() ? [{ number: index + 1, source: source.replaceAll("\r\n", "\n") }] : [])),
  };
}

const recordOf = (value: unknown): Record<string, unknown> => (value && typeof value === "object" ? (value as Record<string, unknown>) : {});

/** By the metadata that our build writes; where an editor dropped it, by the title, then by what most imports name. */
function lessonOf(notebook: unknown, cells: { kind: unknown; text: string }[], lessons: ReadonlySet<string>): string | undefined {
  const said = recordOf(recordOf(recordOf(notebook)["metadata"])["workbook"])["lesson"];
  if (typeof said === "string" && lessons.has(said)) return said;
  for (const { kind, text } of cells) {
    const title = kind === "markdown" ? /^#\s+(\d\d\.\d+)\s/m.exec(text)?.[1] : undefined;
    if (title !== undefined && lessons.has(title)) return title;
  }
  const counts = new Map<string, number>();
  for (const { text } of cells) {
    for (const [, chapter, lesson] of text.matchAll(/["']llmops\/exercises\/(\d\d)-(\d+)["']/g)) {
      const id = `${chapter}.${lesson}`;
      if (lessons.has(id)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
