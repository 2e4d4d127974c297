/**
 * Reads a lesson source: TypeScript in percent format (`// %%`, `// %% [markdown]`), front matter first.
 *
 * A code cell may hold a solution and the stub a student gets in its place:
 *
 *     // BEGIN SOLUTION
 *     const kept = rows.filter((row) => row.score >= 4);
 *     // STUB
 *     // const kept = rows; // your filter here
 *     // END SOLUTION
 */
import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import type { OutlineLesson } from "./course-manifest.ts";
import { ROOT, SOURCES } from "./paths.ts";

/** Who a notebook is built for: the student's has the stubs, the instructor's the solutions. */
export type Audience = "student" | "instructor";

/** What a cell may announce, `// %% tags=["quiet"]`. */
const TAGS = {
  quiet: "a code cell that shows nothing",
  folded: "code that opens on a click: of a chart, of a table; what it shows is what the lesson is about",
  instructor: "only in the instructor's notebook",
  "raises-exception": "the error that it ends with is the point",
  measured: "its outputs hold timings, or how far a student is: another run must show outputs of the same kinds, with other values",
  "allow-stderr": "what it writes to stderr is the point",
} as const;

export interface SourceCell {
  kind: "code" | "markdown";
  tags: string[];
  /** The cell's text as it stands in the source: code with its solution blocks, Markdown without its `// `. */
  text: string;
  /** 1-based line of the source at which `text` starts. */
  line: number;
}

const FrontMatter = z.strictObject({
  chapter: z.number().int(),
  lesson: z.number().int(),
  title: z.string(),
  layer: z.string(),
  minutes: z.number().int(),
  concepts: z.array(z.string()),
  maps: z.string(),
  prerequisites: z.string(),
  /**
   * The folder that a run of this lesson makes for the repository: `datasets/task-api` is written as
   * `../datasets/task-api` by the lesson. `{ from, to }` where it is kept under another name.
   */
  publishes: z
    .union([z.string().transform((path) => ({ from: path, to: path })), z.strictObject({ from: z.string(), to: z.string() })])
    .refine(({ from, to }) => [from, to].every((path) => /^(datasets|skills)\/[\w./-]+$/.test(path) && !path.includes("..")), {
      message: "names a folder in datasets/ or skills/",
    })
    .optional(),
  /** It trains for minutes: `npm test` runs its instructor's notebook alone, which has all the student's cells but the stubs. */
  trains: z.literal(true).optional(),
});

export interface LessonSource {
  id: string;
  path: string;
  /** Path of its notebook below notebooks/, with forward slashes. */
  notebook: string;
  front: z.infer<typeof FrontMatter>;
  text: string;
  cells: SourceCell[];
}

/** A fault of a source, with its place: `chapters-61-72/…/07-….ts:12: …`. */
export class SourceError extends Error {
  constructor(path: string, line: number, message: string) {
    super(`${relative(ROOT, path)}:${line}: ${message}`);
  }
}

/** Every lesson source, in course order. */
export function readLessons(outline: Map<string, OutlineLesson>): LessonSource[] {
  return readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((path) => /^\d\d-[^/\\]+[/\\]\d\d-[^/\\]+\.ts$/.test(path))
    .sort()
    .map((path) => readLesson(join(SOURCES, path), outline));
}

export function readLesson(path: string, outline: Map<string, OutlineLesson>): LessonSource {
  const text = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  const lines = text.split("\n");
  const { front, bodyStart } = readFrontMatter(path, lines);
  const id = `${front.chapter}.${front.lesson}`;
  compareWithOutline(path, front, outline.get(id));
  const folder = basename(dirname(path));
  if (!folder.startsWith(`${front.chapter}-`)) throw new SourceError(path, 1, `chapter ${front.chapter} stands in ${folder}/`);
  if (!basename(path).startsWith(`${String(front.lesson).padStart(2, "0")}-`)) {
    throw new SourceError(path, 1, `the file of lesson ${id} must start with ${String(front.lesson).padStart(2, "0")}-`);
  }
  return {
    id,
    path,
    notebook: relative(SOURCES, path).split(sep).join("/").replace(/\.ts$/, ".ipynb"),
    front,
    text,
    cells: readCells(path, lines, bodyStart),
  };
}

function readFrontMatter(path: string, lines: string[]) {
  const end = lines.indexOf("// ---", 1);
  if (lines[0] !== "// ---" || end < 0) {
    throw new SourceError(path, 1, "the front matter is missing: start the file with `// ---`, YAML, `// ---`");
  }
  const yaml = lines.slice(1, end).map((line) => line.replace(/^\/\/ ?/, "")).join("\n");
  const parsed = FrontMatter.safeParse(parseYaml(yaml));
  if (!parsed.success) throw new SourceError(path, 1, `front matter: ${z.prettifyError(parsed.error)}`);
  return { front: parsed.data, bodyStart: end + 1 };
}

function compareWithOutline(path: string, front: z.infer<typeof FrontMatter>, outline: OutlineLesson | undefined): void {
  if (!outline) throw new SourceError(path, 1, `the outline has no lesson ${front.chapter}.${front.lesson}`);
  const expected = {
    title: outline.title,
    layer: outline.stage,
    minutes: outline.minutes,
    concepts: outline.concepts,
    maps: outline.maps,
  };
  for (const [field, value] of Object.entries(expected)) {
    const found = front[field as keyof typeof expected];
    if (JSON.stringify(found) !== JSON.stringify(value)) {
      throw new SourceError(path, 1, `${field} is ${JSON.stringify(found)}; the outline says ${JSON.stringify(value)}`);
    }
  }
}

const MARKER = /^\/\/ %%(?: \[(markdown)\])?(?: tags=(\[.*\]))?\s*$/;

function readCells(path: string, lines: string[], start: number): SourceCell[] {
  const cells: SourceCell[] = [];
  let current: { kind: SourceCell["kind"]; tags: string[]; body: string[]; line: number } | undefined;
  const close = () => {
    if (!current) return;
    const body = current.kind === "markdown" ? current.body.map((line) => line.replace(/^\/\/ ?/, "")) : current.body;
    const blank = body.findIndex((line) => line.trim()); // lines the trim takes from the top
    cells.push({ kind: current.kind, tags: current.tags, line: current.line + Math.max(0, blank), text: body.join("\n").trim() });
  };
  for (let index = start; index < lines.length; index += 1) {
    const line = lines[index]!;
    if (line.startsWith("// %%")) {
      const marker = MARKER.exec(line);
      if (!marker) throw new SourceError(path, index + 1, "cannot read this cell marker (`// %%`, `// %% [markdown]`, tags=[…])");
      close();
      const tags = JSON.parse(marker[2] ?? "[]") as string[];
      const unknown = tags.find((tag) => !Object.hasOwn(TAGS, tag));
      if (unknown !== undefined) throw new SourceError(path, index + 1, `there is no tag "${unknown}"; there are ${Object.keys(TAGS).join(", ")}`);
      current = { kind: marker[1] ? "markdown" : "code", tags, body: [], line: index + 2 };
    } else if (!current) {
      if (line.trim()) throw new SourceError(path, index + 1, "text before the first cell marker");
    } else {
      if (current.kind === "markdown" && line.trim() && !line.startsWith("//")) {
        throw new SourceError(path, index + 1, "a line of a Markdown cell must start with `// `");
      }
      current.body.push(line);
    }
  }
  close();
  for (const cell of cells) if (cell.kind === "code") codeFor("student", cell, path); // reports unbalanced markers early
  return cells;
}

/** What a line of code is: for everyone, for the instructor, for the student (as a comment), or a marker between them. */
type Part = "common" | "solution" | "stub" | "marker";

/** Sorts lines of code by the solution markers around them. Throws SourceError where a marker is out of place. */
function partsOf(lines: string[], path: string, firstLine: number): Part[] {
  let open: Exclude<Part, "marker"> = "common";
  const parts = lines.map((line, index): Part => {
    const fault = (message: string) => new SourceError(path, firstLine + index, message);
    switch (line.trim()) {
      case "// BEGIN SOLUTION":
        if (open !== "common") throw fault("BEGIN SOLUTION inside a solution");
        open = "solution";
        return "marker";
      case "// STUB":
        if (open !== "solution") throw fault("STUB outside a solution");
        open = "stub";
        return "marker";
      case "// END SOLUTION":
        if (open !== "stub") throw fault("END SOLUTION without BEGIN SOLUTION and STUB before it");
        open = "common";
        return "marker";
      default:
        if (open === "stub" && !/^\s*(\/\/|$)/.test(line)) throw fault("a stub line must be a comment (`// …`)");
        return open;
    }
  });
  if (open !== "common") throw new SourceError(path, firstLine, "a solution is not closed by END SOLUTION");
  return parts;
}

const uncomment = (line: string) => line.replace(/^(\s*)\/\/ ?/, "$1");

/** The code of a cell for an audience: stub or solution, never both. */
export function codeFor(audience: Audience, cell: SourceCell, path = "source"): string {
  const lines = cell.text.split("\n");
  const parts = partsOf(lines, path, cell.line);
  const mine = audience === "student" ? "stub" : "solution";
  return lines
    .flatMap((line, index) => {
      if (parts[index] === "common") return [line];
      if (parts[index] !== mine) return [];
      return [mine === "stub" ? uncomment(line) : line];
    })
    .join("\n")
    .trim();
}

/** The whole source as the student gets it, line for line: solutions become comments, stubs become code. */
export function studentSource(lesson: LessonSource): string {
  const lines = lesson.text.split("\n");
  const parts = partsOf(lines, lesson.path, 1);
  return lines
    .map((line, index) => (parts[index] === "solution" ? `// ${line}` : parts[index] === "stub" ? uncomment(line) : line))
    .join("\n");
}

/** Whether a cell belongs in an audience's notebook (teaching notes are tagged `instructor`). */
export const isFor = (audience: Audience, cell: SourceCell) => audience === "instructor" || !cell.tags.includes("instructor");
