/** The Colab notebooks as a set that an instructor puts on Drive or GitHub: with an index, in a folder and as one file. */
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { strToU8, zipSync } from "fflate";
import { escapeHtml } from "llmops/course";
import MarkdownIt from "markdown-it";
import { z } from "zod";
import { REQUIREMENTS, pins } from "../colab-notebooks.ts";
import { readOutline } from "../course-manifest.ts";
import { ROOT } from "../paths.ts";
import { findLessons, type PublishedLesson, type Report } from "./lessons.ts";

export interface ColabOptions {
  /** "org/repository" on GitHub, where colab/ lies: the index then links into Colab. */
  repository?: string;
  /** `main` unless said. */
  branch?: string;
}

const Notebook = z.looseObject({
  metadata: z.looseObject({ colab: z.looseObject({ gpuType: z.string().optional() }).optional() }),
  cells: z.array(z.looseObject({ source: z.union([z.string(), z.array(z.string())]) })),
});
/** What the notebook says of its job, in its first code cell. */
const Spec = z.looseObject({ minutes: z.number().optional(), memoryGib: z.number().optional(), packages: z.array(z.string()).default([]) });

interface ColabNotebook {
  /** Of the lesson: "64.4". */
  id: string;
  file: string;
  text: string;
  gpu: string | undefined;
  spec: z.output<typeof Spec>;
}

/**
 * Writes folder and folder.zip.
 *
 * @throws Error where none of the named lessons has a Colab notebook, or one of them cannot be read
 */
export function buildColabSet(folder: string, names: readonly string[], options: ColabOptions, report: Report): number {
  if (options.repository !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(options.repository)) throw new Error(`--repository ${options.repository}: give owner/name, as GitHub writes it`);
  if (options.branch !== undefined && options.repository === undefined) throw new Error("--branch needs --repository owner/name: without it the index has no links");
  const all = globSync("colab/*.ipynb", { cwd: ROOT }).sort().map((path) => readColab(join(ROOT, path)));
  const lessons = findLessons(names);
  const notebooks = all.filter(({ id }) => lessons.some((lesson) => lesson.id === id));
  if (notebooks.length === 0) throw new Error(`${names.join(", ")}: no Colab notebook belongs to it. There is one for ${all.map(({ id }) => id).join(", ")}.`);
  const index = indexText(notebooks, lessons, options);
  const files = new Map<string, string>([
    ...notebooks.map(({ file, text }) => [file, text] as const),
    ["requirements-t4.txt", readFileSync(REQUIREMENTS, "utf8")], ["README.md", index], ["index.html", indexPage(index)],
  ]);
  writeFolder(folder, files);
  for (const { id, file, text } of notebooks) report.done(`${id.padEnd(5)} ${relative(ROOT, join(folder, file))}   ${(text.length / 1024).toFixed(0)} KiB`);
  report.done(`      ${relative(ROOT, folder)}/index.html, ${relative(ROOT, folder)}.zip`);
  return 0;
}

function readColab(path: string): ColabNotebook {
  const file = basename(path);
  const text = readFileSync(path, "utf8");
  const [, chapter, lesson] = /^(\d\d)-(\d+)-/.exec(file) ?? [];
  if (chapter === undefined || lesson === undefined) throw new Error(`colab/${file}: the name must begin with chapter and lesson, as 64-4-`);
  const { metadata, cells } = Notebook.parse(JSON.parse(text));
  const code = cells.map(({ source }) => [source].flat().join("")).find((source) => /^SPEC = /m.test(source));
  const literal = /^SPEC = json\.loads\((".*")\)$/m.exec(code ?? "")?.[1];
  if (literal === undefined) throw new Error(`colab/${file}: no cell says what the job is (SPEC): npm run build:colab writes it anew`);
  return { id: `${chapter}.${lesson}`, file, text, gpu: metadata.colab?.gpuType, spec: Spec.parse(JSON.parse(JSON.parse(literal) as string)) };
}

/** The index, as Markdown: GitHub shows it, and the HTML page is made of it. */
function indexText(notebooks: readonly ColabNotebook[], lessons: readonly PublishedLesson[], { repository, branch = "main" }: ColabOptions): string {
  const outline = readOutline();
  const versions = pins();
  const address = (file: string) => `https://colab.research.google.com/github/${repository}/blob/${encodeURIComponent(branch)}/colab/${file}`;
  const rows = notebooks.map(({ id, file, gpu, spec, text }) => [
    `${id} ${outline.get(id)?.title ?? ""}`, repository === undefined ? `\`${file}\`` : `[Open in Colab](${address(file)})`, gpu ?? "none",
    spec.minutes === undefined ? "not recorded" : `at most ${spec.minutes}`, spec.memoryGib === undefined ? "not recorded" : `${spec.memoryGib} GiB`,
    `${(text.length / 1024).toLocaleString("en-US", { maximumFractionDigits: 0 })} KiB`,
  ]);
  const without = lessons.filter(({ id }) => !notebooks.some((notebook) => notebook.id === id));
  return [
    "# LLMOps Workbook: the Colab notebooks",
    "",
    "The lessons are TypeScript notebooks for JupyterLab. The jobs of some of them run on a T4; each notebook here is such a job, whole, with its code and data in it and no key.",
    "",
    "| lesson | notebook | GPU | minutes | planned memory | size |",
    "| --- | --- | --- | --- | --- | ---: |",
    ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`),
    "",
    '"Not recorded": the notebook does not say it. Where a lesson plans its job, the planner\'s figure and its band stand in the lesson.',
    "",
    "## Use it",
    "",
    "1. Put this folder on Google Drive, or its files into a repository on GitHub.",
    "2. A student opens a notebook in Colab (on Drive: right-click, Open with, Google Colaboratory). The T4 is preselected; Runtime, Run all.",
    "3. The tab stays open while the job runs. At the end the browser saves a zip with the results.",
    "",
    `\`requirements-t4.txt\` has the versions that the notebooks install (${["unsloth", "trl", "transformers"].map((name) => `${name} ${versions[name]}`).join(", ")}); they are also written in each notebook.`,
    "",
    ...(without.length === 0 ? [] : [
      "## Lessons without a Colab notebook",
      "",
      "They run in JupyterLab only, on any laptop:",
      "",
      ...without.map(({ id, outline: { title } }) => `- ${id} ${title}`),
      "",
    ]),
  ].join("\n");
}

const indexPage = (index: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml("LLMOps Workbook: the Colab notebooks")}</title>
<link rel="icon" href="data:,">
<style>
${readFileSync(join(import.meta.dirname, "theme.css"), "utf8")}
${readFileSync(join(import.meta.dirname, "chapter.css"), "utf8")}
</style>
</head>
<body>
<main>
${new MarkdownIt({ html: false }).render(index)}</main>
</body>
</html>
`;

// The same set gives the same bytes: a zip's times are those of 1980, where its calendar begins.
const EPOCH = new Date(1980, 0, 1);

/** The folder appears when all of it is written. */
function writeFolder(folder: string, files: ReadonlyMap<string, string>): void {
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  for (const [name, text] of files) writeFileSync(join(part, name), text);
  const zip = zipSync(Object.fromEntries([...files].map(([name, text]) => [`${basename(folder)}/${name}`, strToU8(text)])), { mtime: EPOCH });
  writeFileSync(`${folder}.zip.part`, zip);
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
  renameSync(`${folder}.zip.part`, `${folder}.zip`);
}
