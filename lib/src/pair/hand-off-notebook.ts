/** The notebook that carries one job of one student to Colab: what it needs travels inside it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { workbookPath } from "../course/workbook.js";
import { PairError } from "./error.js";
import type { Command } from "./job.js";
import { codeCell, colabNotebook, markdownCell, type ColabCell, type ColabNotebook } from "./notebook.js";
import type { RunRecord } from "./runs.js";
import type { SentFile } from "./sending.js";

/** Beside larger files a notebook is slow to open and to save: they travel in a file of their own. */
export const INSIDE_LIMIT = 4 << 20;
/** What the browser's upload into a session is good for. */
export const DATA_LIMIT = 1 << 30;

export const T4_REQUIREMENTS = "colab/requirements-t4.txt";
const CARRIED = ["agent.py", "hand_off.py"];

export interface HandOffFiles {
  notebook: ColabNotebook;
  /** What was too large for the notebook; the student uploads it into the session. */
  data?: { name: string; content: Buffer };
}

/** The pinned packages of a T4, as `name==version`. @throws PairError `setup` for a line that pins nothing */
export function t4Packages(text = readFileSync(workbookPath(T4_REQUIREMENTS), "utf8")): string[] {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const loose = lines.find((line) => !/^[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+$/.test(line));
  if (loose) throw new PairError("setup", `${T4_REQUIREMENTS}: "${loose}" pins no exact version`);
  return lines;
}

/**
 * The notebook of a run: packed files with their SHA-256, pinned installs, and cells that start the job, watch it, and pack
 * its results. Equal input gives equal bytes.
 *
 * @param attempt - the number of the first start on a fresh machine: higher than 1 for a run that is resumed
 * @param forAll - a notebook of no run here, which anyone may open: its results stay with whoever ran it
 * @throws PairError `setup` where the files are too large for this route
 */
export function handOffNotebook(record: RunRecord, { command, minutes, memoryGib }: Command, files: readonly SentFile[], attempt = 1, forAll = false): HandOffFiles {
  const { inside, beside } = divide(files);
  const packages = record.packages === "training" ? t4Packages() : [];
  const spec = {
    run: record.id, recipeHash: record.recipeHash, attempt, command,
    ...(minutes === undefined ? {} : { minutes }), ...(memoryGib === undefined ? {} : { memoryGib }),
    needsGpu: record.packages === "training",
    packages: ["torch", ...packages.map((pin) => pin.split("==")[0]!)],
    files: [...inside.map((file) => describe(file, "inside")), ...beside.map((file) => describe(file, "data"))],
    ...(beside.length ? { data: { name: dataName(record.id) } } : {}),
  };
  const cells = [
    markdownCell("about", about(record, files, beside, forAll)),
    codeCell("unpack", unpack(spec, inside), true),
    markdownCell("machine-about", MACHINE),
    codeCell("machine", "job.machine()"),
    codeCell("drive", 'KEEP_ON_DRIVE = False  #@param {type:"boolean"}\n\nif KEEP_ON_DRIVE:\n    job.use_drive()'),
    ...(beside.length ? [markdownCell("data-about", dataAbout(record.id, beside)), codeCell("data", "job.unpack_data()")] : []),
    ...install(packages),
    markdownCell("start-about", START),
    codeCell("start", "job.start()"),
    codeCell("follow", "job.follow()"),
    markdownCell("results-about", resultsAbout(record.id)),
    codeCell("results", "results = job.bundle()"),
    markdownCell("end-about", END),
    codeCell("end", [
      'STOP_THE_JOB = False  #@param {type:"boolean"}', 'END_THE_MACHINE = False  #@param {type:"boolean"}', "",
      "if STOP_THE_JOB:", "    job.interrupt()", "if END_THE_MACHINE:", "    from google.colab import runtime", "", "    runtime.unassign()",
    ].join("\n")),
  ];
  return {
    notebook: colabNotebook(record.id, cells),
    ...(beside.length ? { data: { name: dataName(record.id), content: deflateSync(Buffer.concat(beside.map(({ content }) => content))) } } : {}),
  };
}

const dataName = (run: string): string => `data-${run}.bin`;

const describe = ({ path, content, sha256 }: SentFile, where: "inside" | "data") => ({ path, bytes: content.length, sha256, in: where });

/** Code and small files go inside; the largest ones stay out until the rest fits. */
function divide(files: readonly SentFile[]): { inside: SentFile[]; beside: SentFile[] } {
  const packed = files.map((file) => ({ file, bytes: deflateSync(file.content).length })).sort((one, other) => one.bytes - other.bytes);
  const inside: SentFile[] = [], beside: SentFile[] = [];
  let total = 0;
  for (const { file, bytes } of packed) {
    total += bytes;
    (total <= INSIDE_LIMIT ? inside : beside).push(file);
  }
  const size = beside.reduce((sum, { content }) => sum + content.length, 0);
  if (size > DATA_LIMIT) {
    throw new PairError("setup", `the job sends ${(size / 2 ** 30).toFixed(1)} GiB; by hand-off at most ${DATA_LIMIT / 2 ** 30} GiB go. Let the job fetch them itself, e.g. from the Hub, or take another route`);
  }
  return { inside, beside };
}

function unpack(spec: object, inside: readonly SentFile[]): string {
  const carried = Buffer.from(JSON.stringify(Object.fromEntries(CARRIED.map((name) => [name, readFileSync(workbookPath(`colab/runtime/${name}`), "utf8")]))));
  const packed = Buffer.concat(inside.map(({ content }) => content));
  return [
    '#@title Unpack the job { display-mode: "form" }',
    "import base64, hashlib, json, os, pathlib, sys, zlib",
    "",
    `SPEC = json.loads(${pythonString(JSON.stringify(spec))})`,
    `CARRIED_SHA256 = ${pythonString(createHash("sha256").update(carried).digest("hex"))}`,
    `CARRIED = ${base64Lines(carried)}`,
    `FILES = ${base64Lines(packed)}`,
    "",
    "carried = zlib.decompress(base64.b64decode(CARRIED))",
    'assert hashlib.sha256(carried).hexdigest() == CARRIED_SHA256, "this notebook is damaged: make it again"',
    'place = pathlib.Path.cwd() / "llmops-hand-off"',
    "place.mkdir(exist_ok=True)",
    "for name, text in json.loads(carried).items():",
    '    (place / name).write_text(text, encoding="utf8")',
    'os.environ.setdefault("LLMOPS_JOBS", str(pathlib.Path.cwd() / "llmops-jobs"))',
    "sys.path.insert(0, str(place))",
    "from hand_off import HandOff",
    "",
    "job = HandOff(SPEC)",
    "job.unpack(base64.b64decode(FILES))",
  ].join("\n");
}

/** A literal that Python and JSON read alike. */
const pythonString = (text: string): string => JSON.stringify(text);

/** Packed bytes as a Python literal in lines that an editor can hold. */
function base64Lines(content: Buffer): string {
  const text = deflateSync(content, { level: 9 }).toString("base64");
  return `"""\n${(text.match(/.{1,120}/g) ?? []).join("\n")}\n"""`;
}

function install(packages: readonly string[]): ColabCell[] {
  if (packages.length === 0) return [];
  const lines = ["%pip install --quiet --constraint llmops-keep.txt"];
  for (let at = 0; at < packages.length; at += 4) lines.push(`    ${packages.slice(at, at + 4).join(" ")}`);
  return [
    markdownCell("install-about", INSTALL),
    codeCell("secrets", "job.secrets()"),
    codeCell("keep", "job.keep()"),
    codeCell("install", lines.join(" \\\n")),
  ];
}

function about(record: RunRecord, files: readonly SentFile[], beside: readonly SentFile[], forAll: boolean): string {
  const rows = files.map(({ path, content, sha256 }) => `| \`${path}\` | ${content.length.toLocaleString("en-US")} | \`${sha256.slice(0, 12)}\` | ${beside.some((file) => file.path === path) ? "a file beside it" : "this notebook"} |`);
  return [
    `# ${record.name}`,
    "",
    `One job of the LLMOps Workbook, packed ${forAll ? "for everyone" : `on ${record.created.slice(0, 10)}`} as ${forAll ? "" : "run "}\`${record.id}\`. Everything it needs is in this notebook; it holds no key.`,
    "",
    "1. **Runtime > Run all.** The T4 is preselected; nothing has to be typed.",
    "2. Leave this tab open while the job runs. The free tier gives machines to people who use the notebook, and takes them back.",
    forAll
      ? `3. At the end your browser saves \`results-${record.id}.zip\`; what was measured is in its folder \`artifacts\`. To have it compared in the lesson, launch from the lesson: that writes this notebook for a run of yours.`
      : `3. At the end your browser saves \`results-${record.id}.zip\`. Give it to the workbook: \`npm run llmops -- runs bring ${record.id} PATH\`.`,
    "",
    "If the machine is lost, run all again: with `KEEP_ON_DRIVE` on, the job goes on from its last checkpoint, without it from the beginning.",
    "",
    "| what travels | bytes | SHA-256 | in |", "| --- | ---: | --- | --- |", ...rows,
    "",
    `The job: \`${record.command.join(" ")}\`${record.minutes === undefined ? "" : `, at most ${record.minutes} minutes`}. Recipe hash \`${record.recipeHash.slice(0, 12)}\`.`,
  ].join("\n");
}

const dataAbout = (run: string, beside: readonly SentFile[]): string =>
  `## The data\n\n${beside.map(({ path }) => `\`${path}\``).join(", ")} ${beside.length === 1 ? "is" : "are"} too large for a notebook. Drag \`${dataName(run)}\` into the Files panel on the left first, put it into \`MyDrive/llmops/${run}\`, or choose it when the cell asks.`;

const MACHINE = [
  "## The machine", "",
  "`KEEP_ON_DRIVE` mounts your Google Drive, and Colab asks you first. Checkpoints, metrics and results then lie in `MyDrive/llmops`, and a lost machine costs no more than the steps since the last checkpoint.",
].join("\n");

const INSTALL = [
  "## Packages", "",
  "Versions that belong together on a T4, exactly these. PyTorch stays Colab's own. Should Colab offer to restart the session, there is no need: the job starts in a process of its own. If the job needs the Hugging Face Hub, put a key named `HF_TOKEN` into Colab's Secrets (the key sign on the left); it is never written into this notebook.",
].join("\n");

const START = "## The job\n\nIt runs detached from this notebook: you can stop the second cell and run it again. Both cells can be run twice.";

const resultsAbout = (run: string): string =>
  `## The results\n\nPacks state, metrics, log and artifacts into \`results-${run}.zip\`, with the SHA-256 of each. The workbook takes it only if every byte is as listed.`;

const END = "## Afterwards\n\nTick a box and run the cell. Ending the machine throws away what is on it: save the results first.";

