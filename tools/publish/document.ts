/** A lesson's executed notebook as blocks of HTML, made once for slides, pages and PDF. Nothing is executed here. */
import { existsSync } from "node:fs";
import { dirname, relative } from "node:path";
import { readNotebook, textOf, type Cell, type Notebook } from "../notebook.ts";
import { ROOT } from "../paths.ts";
import { codeLines } from "./code.ts";
import { readMarkdown, type Heading, type Prose } from "./markdown.ts";
import { readOutputs, type Shown } from "./outputs.ts";

export interface Code {
  kind: "code";
  source: string;
  /** As HTML. */
  lines: string[];
  /** Opens on a click in a notebook: what it shows matters, not how. */
  folded: boolean;
  role: "code" | "exercise" | "solution";
}
export interface Result {
  kind: "result";
  shown: Shown;
}
export type Block = Heading | Prose | Code | Result;

export interface LessonDocument {
  id: string;
  /** With its number. */
  title: string;
  /** The title cell's text below the title. */
  opening: Prose[];
  blocks: Block[];
  /** For the instructor, as HTML; empty without solutions. */
  notes: string[];
  /** SHA-256 of the lesson source that was run. */
  source: string | undefined;
}

/** A notebook that holds no outputs; the message names the command that makes them. */
export class NotRunError extends Error {}

/**
 * Reads a lesson's document.
 *
 * @param solved the instructor's notebook: every exercise is followed by its solution, outputs are those of the solved
 *   run, and the teaching notes are there
 * @throws NotRunError for a notebook without outputs; Error for one that is damaged, or two of different states
 */
export function readDocument(id: string, path: string, solved?: string): LessonDocument {
  const student = executed(id, path);
  const cells = solved === undefined ? student.cells.map((cell) => ({ cell, stub: undefined })) : merged(id, student, executed(id, solved, "instructor"));
  const document: LessonDocument = { id, title: id, opening: [], blocks: [], notes: [], source: student.metadata.workbook?.source };
  cells.forEach(({ cell, stub }, at) => {
    const source = textOf(cell.source);
    const place = `${relative(ROOT, path)}, cell ${cell.id}`;
    if (cell.cell_type === "markdown") {
      const blocks = readMarkdown(source, dirname(path), place);
      if (cell.metadata.tags?.includes("instructor")) document.notes.push(blocks.map(({ html }) => html).join("\n"));
      else if (at === 0) readTitle(document, blocks, place);
      else document.blocks.push(...blocks);
    } else if (cell.cell_type === "code" && !isNotebooksOwn(cell)) {
      const folded = cell.metadata.tags?.includes("folded") ?? false;
      const shown = readOutputs(cell.outputs ?? []).map((shown): Result => ({ kind: "result", shown }));
      if (stub !== undefined) document.blocks.push(codeBlock(stub, "exercise", false));
      document.blocks.push(codeBlock(source, stub !== undefined ? "solution" : isExercise(source) ? "exercise" : "code", folded), ...shown);
    }
  });
  return document;
}

function executed(id: string, path: string, audience = "student"): Notebook {
  const command = `npm run lessons -- ${audience === "student" ? "" : `--for ${audience} `}${id}`;
  if (!existsSync(path)) throw new NotRunError(`${relative(ROOT, path)} is not there: ${command}`);
  let notebook: Notebook;
  try {
    notebook = readNotebook(path);
  } catch (error) {
    throw new Error(`${relative(ROOT, path)} cannot be read as a notebook (${(error as Error).message.split("\n")[0]}): ${command}`, { cause: error });
  }
  if (!notebook.metadata.workbook?.executed) throw new NotRunError(`${relative(ROOT, path)} has no outputs of its present state: ${command}`);
  return notebook;
}

/** The instructor's cells; where the student's differs, with the stub. */
function merged(id: string, student: Notebook, instructor: Notebook): { cell: Cell; stub: string | undefined }[] {
  const common = instructor.cells.filter(({ metadata }) => !metadata.tags?.includes("instructor"));
  const alike = common.length === student.cells.length && common.every(({ cell_type }, at) => cell_type === student.cells[at]!.cell_type);
  if (!alike || instructor.metadata.workbook?.source !== student.metadata.workbook?.source) {
    throw new Error(`The student's and the instructor's notebook of ${id} come from different sources: npm run lessons -- ${id}, then npm run lessons -- --for instructor ${id}`);
  }
  return instructor.cells.map((cell) => {
    const at = common.indexOf(cell);
    const stub = at < 0 ? undefined : textOf(student.cells[at]!.source);
    return { cell, stub: stub === undefined || stub === textOf(cell.source) ? undefined : stub };
  });
}

function readTitle(document: LessonDocument, blocks: (Heading | Prose)[], place: string): void {
  const [title, ...rest] = blocks;
  if (title?.kind !== "heading" || title.level !== 1) throw new Error(`${place}: the first cell must hold the lesson's title`);
  document.title = title.text;
  document.opening = rest.filter((block) => block.kind === "prose");
}

const codeBlock = (source: string, role: Code["role"], folded: boolean): Code => ({ kind: "code", source, lines: codeLines(source, "typescript"), folded, role });

const isExercise = (source: string) => /\bawait check\(/.test(source);

/** The cells that the build adds to every notebook: they act on the student's own progress and keys. */
const isNotebooksOwn = ({ source }: Cell) => /^openLesson\("/m.test(textOf(source)) || /^\/\/ await ai\(1\);$/m.test(textOf(source));
