/** A small executed lesson, the student's and the instructor's notebook of it, with outputs that the library made. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { chartBundle, tableBundle, type MimeBundle } from "llmops/course";
import type { Notebook, Output } from "../../tools/notebook.ts";
import type { Sources } from "../../tools/publish/lessons.ts";

export const LESSON = "62-llm-architecture-and-compute-reality/04-vram-budget-planning";
export const PICTURE_SAYS = "Peaks in GiB: LoRA 19.7, QLoRA 10.3";
export const SECRET = "const answer = 42 * 1024;";
export const TEACHING = "Ask for a guess before the table.";

const shown = (data: MimeBundle): Output[] => [{ output_type: "display_data", data, metadata: {} }];
const printed = (text: string): Output[] => [{ output_type: "stream", name: "stdout", text }];

interface Draft { text: string; outputs?: Output[]; tags?: string[]; markdown?: boolean }
const words = (text: string, tags?: string[]): Draft => ({ text, markdown: true, ...(tags ? { tags } : {}) });
const code = (text: string, outputs: Output[] = [], tags?: string[]): Draft => ({ text, outputs, ...(tags ? { tags } : {}) });

async function drafts(): Promise<{ common: Draft[]; stub: Draft; solution: Draft; notes: Draft; end: Draft[] }> {
  const rows = Array.from({ length: 4 }, (_, at) => ({ model: `Llama-3-${at}B`, GiB: at * 2.5, fits: at < 3 }));
  const many = Array.from({ length: 60 }, (_, at) => ({ row: at, text: `the ${at}th row of a table that is longer than a slide` }));
  const verdict: MimeBundle = { "text/plain": "62.4/answer: Not yet. Fill in the stub and run the cell again.", "text/html": '<div role="status"><strong>Not yet.</strong> Fill in the stub and run the cell again.</div>' };
  const chart = await chartBundle({ data: { values: [{ method: "LoRA", peak: 19.7 }, { method: "QLoRA", peak: 10.3 }] }, mark: "bar", encoding: { x: { field: "peak", type: "quantitative" }, y: { field: "method", type: "nominal" } } }, PICTURE_SAYS);
  return {
    common: [
      words("# 62.4 VRAM Budget Planning\n\n**You will be able to:** plan.\n\nChapter 62 · 50 minutes"),
      code('import { openLesson } from "llmops/course";\nopenLesson("62.4"); // notes that you were here', printed("Lesson 62.4: 0 of 1 exercises right\n"), ["folded"]),
      words("What it costs: $200 once, $600 a month. `1 < 2 && 2 > 1`, [a source](https://arxiv.org/abs/1910.02054)."),
      words("## 1. What training keeps\n\nA **gradient** for each weight.\n\n- one\n- two\n\n| term | bytes |\n| --- | --- |\n| weight | 2 |"),
      code("const sizes = [1, 2, 3]; // GiB\nshowTable(sizes.map((size) => ({ size })));", shown(tableBundle(rows, { caption: "Four models, and whether they fit" }))),
      words("### The whole picture\n\nTwo bars:"),
      code("await showChart(hiddenSpecification, says);", shown(chart), ["folded"]),
      words("## 2. Long things"),
      code(Array.from({ length: 60 }, (_, at) => `const line${at} = \`\${${at}} of ${"x".repeat(at)}\`;`).join("\n"), shown(tableBundle(many))),
      code("print(log);", printed(Array.from({ length: 200 }, (_, at) => `step ${at} of the log`).join("\n"))),
      words("## 3. Work\n\n### Exercise: the answer\n\nWrite `answer`."),
    ],
    stub: code('import { answerExercise } from "llmops/exercises/62-4";\nconst answer = undefined; // your number\nawait check(answerExercise, answer);', shown(verdict)),
    solution: code(`import { answerExercise } from "llmops/exercises/62-4";\n${SECRET}\nawait check(answerExercise, answer);`, shown({ "text/plain": "62.4/answer: Right. It is.", "text/html": "<div><strong>Right.</strong> It is.</div>" })),
    notes: words(`**For instructors.** ${TEACHING}`, ["instructor"]),
    end: [words("## Try With AI\n\n### 1. Initial request\n\n> How much memory will it take?"), code('import { ai } from "llmops/teacher";\n// await ai(1);', [], ["quiet"])],
  };
}

function notebook(audience: "student" | "instructor", cells: Draft[], executed: boolean): Notebook {
  return {
    nbformat: 4, nbformat_minor: 5, metadata: { workbook: { lesson: "62.4", audience, source: "s", lib: "l", executed } },
    cells: cells.map(({ text, outputs, tags, markdown }, at) => ({
      id: `c${at}`, cell_type: markdown ? "markdown" : "code", source: text, metadata: tags ? { tags } : {}, ...(markdown ? {} : { outputs: executed ? outputs ?? [] : [], execution_count: at }),
    })),
  };
}

/** Writes both notebooks below a folder. */
export async function writeLesson(folder: string, { executed = true, extra = [] as Draft[] } = {}): Promise<Sources> {
  const { common, stub, solution, notes, end } = await drafts();
  const from = { student: join(folder, "student"), instructor: join(folder, "instructor") };
  const write = (audience: keyof Sources, cells: Draft[]) => {
    const path = join(from[audience], `${LESSON}.ipynb`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(notebook(audience, cells, executed)));
  };
  write("student", [...common, ...extra, stub, ...end]);
  write("instructor", [...common, ...extra, solution, notes, ...end]);
  return from;
}
