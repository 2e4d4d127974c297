/** What students hand in: notebooks made from the real lessons, each with one thing that a grader has to live with. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readOutline } from "../../tools/course-manifest.ts";
import { codeFor, readLessons } from "../../tools/lesson-source.ts";
import { readNotebook, textOf, type Notebook } from "../../tools/notebook.ts";
import { NOTEBOOKS } from "../../tools/paths.ts";
import { ROOT } from "./scratch.ts";

const LESSONS = new Map(readLessons(readOutline()).map((lesson) => [lesson.id, lesson]));

/** A lesson's notebook as a student has it. */
export class Handed {
  readonly notebook: Notebook;
  readonly #solutions: string[];

  constructor(lesson: string) {
    const source = LESSONS.get(lesson)!;
    this.notebook = readNotebook(join(NOTEBOOKS, source.notebook));
    this.#solutions = source.cells.filter(({ kind }) => kind === "code").map((cell) => codeFor("instructor", cell));
  }

  #index = (exercise: string) => this.notebook.cells.findIndex(({ cell_type, source }) => cell_type === "code" && textOf(source).includes(`check(${exercise},`));

  /** The cell with the check of an exercise. */
  cell(exercise: string) {
    return this.notebook.cells[this.#index(exercise)]!;
  }

  solution = (exercise: string): string => this.#solutions.find((code) => code.includes(`check(${exercise},`))!;

  /** Puts the author's solution into the cells of these exercises. */
  solve(...exercises: string[]): this {
    for (const exercise of exercises) this.cell(exercise).source = this.solution(exercise);
    return this;
  }

  /** Puts a function into the cell of an exercise; the imports in front of it and the check behind stay. */
  write(exercise: string, code: string): this {
    const solution = this.solution(exercise);
    const imports = solution.match(/^import .*$/gm) ?? [];
    this.cell(exercise).source = [...imports, code, /^await check.*$/m.exec(solution)![0]].join("\n");
    return this;
  }

  delete(exercise: string): this {
    this.notebook.cells.splice(this.#index(exercise), 1);
    return this;
  }

  /** Adds a code cell: at a place, or at the end. */
  add(source: string, at = this.notebook.cells.length): this {
    this.notebook.cells.splice(at, 0, { cell_type: "code", id: `added-${this.notebook.cells.length}`, metadata: {}, source, outputs: [], execution_count: null });
    return this;
  }

  change(edit: (notebook: Notebook) => void): this {
    edit(this.notebook);
    return this;
  }
}

const A = "attentionExercise";
const L = "loraExercise";
/** 62.1 with a right answer to one exercise, and this code for the other. */
const attention = (code: string) => new Handed("62.1").solve(L).write(A, code);
const body = (statements: string) => attention(`function attention(queries: Rows, keys: Rows, values: Rows): number[][] {\n${statements}\n}`);
const RIGHT = new Handed("62.1").solution(A);
const rightBody = RIGHT.slice(RIGHT.indexOf("{\n") + 2, RIGHT.lastIndexOf("}"));

/** 66.2 with a right choice, and this for the exercise whose answer is handed a function. */
const calls = (statements: string) => new Handed("66.2").solve("rowsToDropExercise").write("answerCallsExercise", `async function answerCalls(turn: CallingTurn, run: RunCall): Promise<any> {\n${statements}\n}`);

const UNMASKED = `return queries.map((query) => {
  const scores = keys.map((key) => key.reduce((sum, value, at) => sum + value * query[at], 0) / Math.sqrt(key.length));
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return values[0].map((_, column) => powers.reduce((sum, power, other) => sum + (power / total) * values[other][column], 0));
});`;

/** Says in its error what it could read, so that the verdict shows it. */
const reader = (paths: string[]) => `
import * as fs from "node:fs";
import { createRequire } from "node:module";
const ways: Record<string, () => unknown> = {
  read: () => { for (const path of ${JSON.stringify(paths)}) { try { fs.readFileSync(path); } catch { continue; } return path; } throw 0; },
  list: () => fs.readdirSync(${JSON.stringify(join(ROOT, "chapters-61-72"))}),
  exercises: () => fs.readFileSync(createRequire(${JSON.stringify(join(ROOT, "notebooks", "x.cjs"))}).resolve("llmops/exercises/62-1")),
  required: () => createRequire(${JSON.stringify(join(ROOT, "notebooks", "x.cjs"))})("llmops/exercises/62-1"),
  fault: () => { const { fault } = attentionExercise as any; if (typeof fault !== "function") throw 0; return String(fault()); },
  link: () => { fs.symlinkSync(${JSON.stringify(join(ROOT, "chapters-61-72", "outline.json"))}, process.cwd() + "/link"); return fs.readFileSync(process.cwd() + "/link"); },
  parent: () => fs.readFileSync("/proc/" + process.ppid + "/cmdline"),
  root: () => fs.readdirSync("/proc/self/root" + ${JSON.stringify(join(ROOT, "chapters-61-72"))}),
  program: () => { const { error, stdout } = createRequire(${JSON.stringify(join(ROOT, "notebooks", "x.cjs"))})("node:child_process").spawnSync("cat", ${JSON.stringify(paths)}); if (error || !stdout?.length) throw 0; return "cat"; },
  binding: () => (process as any).binding("fs"),
  inspector: () => { const { Session } = createRequire(${JSON.stringify(join(ROOT, "notebooks", "x.cjs"))})("node:inspector"); new Session().connectToMainThread(); return "inspector"; },
};
function attention(queries: Rows, keys: Rows, values: Rows): number[][] {
  const open = Object.keys(ways).filter((way) => { try { return Boolean(ways[way]()); } catch { return false; } });
  throw new Error("could read by: " + (open.join(", ") || "no way"));
}`;

/** Every lesson with all of the author's answers. */
export function solvedLessons(): Submitted[] {
  return [...LESSONS.values()].flatMap(({ id, cells }): Submitted[] => {
    const exercises = cells.flatMap(({ kind, text }) => (kind === "code" ? [...text.matchAll(/^await check\((\w+),/gm)].map(([, exercise]) => exercise!) : []));
    return exercises.length ? [{ file: `${id}.ipynb`, content: new Handed(id).solve(...exercises), score: exercises.length }] : [];
  });
}

export interface Submitted {
  file: string;
  content: string | Handed;
  /** Score, or undefined where it cannot be graded. */
  score?: number;
  /** Outcomes in the lesson's order of exercises. */
  outcomes?: string[];
  misconceptions?: string[];
  /** What the row's problems say. */
  says?: RegExp;
  /** What the verdict of some exercise says, on the page. */
  verdict?: RegExp;
}

/** @param markers files that no notebook may write: each names one that must not exist afterwards */
export function submissions(markers: string[]): Submitted[] {
  const solved = () => new Handed("62.1").solve(A, L);
  const ok = { score: 2, outcomes: ["right", "right"] };
  const solutions = [
    ...["62.1", "63.7"].map((lesson) => LESSONS.get(lesson)!.path), join(ROOT, "lib", "src", "exercises", "62-1.ts"), join(ROOT, "lib", "dist", "exercises", "62-1.js"),
    join(ROOT, "tests", "exercises.test.ts"), join(ROOT, "build", "instructor", LESSONS.get("62.1")!.notebook), join(ROOT, ".git", "HEAD"), "/etc/passwd", join(dirname(markers[0]!), "handed-in", "right", "62.1.ipynb"),
  ];
  return [
    { file: "right/62.1.ipynb", content: solved(), ...ok },
    { file: "right/deeper/63.1.ipynb", content: new Handed("63.1").solve("formatChoice", "toShareGptExercise"), ...ok },
    { file: "right/63.7.ipynb", content: new Handed("63.7").solve("projectedCost", "filterQuality", "labelDetector"), score: 3, outcomes: ["right", "right", "right"] },
    { file: "untouched.ipynb", content: new Handed("62.1"), score: 0, outcomes: ["not yet", "not yet"] },
    { file: "untouched-choice.ipynb", content: new Handed("63.1"), score: 0, outcomes: ["not yet", "not yet"] },
    { file: "mistakes/no-mask.ipynb", content: body(UNMASKED), score: 1, outcomes: ["wrong", "right"], misconceptions: ["62.1/attention: no mask"] },
    {
      file: "mistakes/one-layer.ipynb", content: solved().write(L, "const loraParameters = (shape: ModelShape, rank: number, targets: readonly Linear[]) => targets.reduce((sum, name) => sum + rank * (linearSizes(shape)[name].input + linearSizes(shape)[name].output), 0);"),
      score: 1, outcomes: ["right", "wrong"], misconceptions: ["62.1/lora: one layer"],
    },
    {
      file: "mistakes/formats.ipynb",
      content: new Handed("63.1")
        .write("formatChoice", 'let choices: FormatChoices | undefined;\nchoices = {\n"translate one sentence": "alpaca", "a support chat with follow-up questions": "alpaca", "an agent that calls tools": "messages", "two answers to each prompt, one better": "preference" };')
        .write("toShareGptExercise", "const toShareGpt = (row: AlpacaRow): ShareGptRow => ({ conversations: [{ from: 'human', value: `${row.instruction}\\n${row.input}` }, { from: 'gpt', value: row.output }] });"),
      score: 0, outcomes: ["wrong", "wrong"], misconceptions: ["63.1/format-choice: chat as alpaca", "63.1/to-sharegpt: empty input kept"],
    },
    {
      file: "mistakes/costs.ipynb",
      content: new Handed("63.7")
        .write("projectedCost", "const projectCost = (run: FinishedRun, price: TokenPrice, wanted: number) => (run.inputTokens * price.input + run.outputTokens * price.output) / 1e6;")
        .write("filterQuality", "const quality = (flagged: ReadonlySet<string>, defective: ReadonlySet<string>) => { const hits = flagged.intersection(defective).size; return { precision: hits / defective.size, recall: hits / flagged.size }; };")
        .write("labelDetector", "const hasWrongLabel = () => false;"),
      score: 0, outcomes: ["wrong", "wrong", "wrong"], misconceptions: ["63.7/projected-cost: cost of the run", "63.7/filter-quality: swapped", "63.7/label-detector: flags nothing"],
    },
    {
      file: "mistakes/not-awaited.ipynb",
      content: calls("return turn.tool_calls.map(({ id, function: { name, arguments: text } }) => { let given: unknown; try { given = JSON.parse(text); } catch { return { role: 'tool', tool_call_id: id, content: '{\"error\":\"bad_arguments\"}' }; } return { role: 'tool', tool_call_id: id, content: JSON.stringify(run({ name, arguments: given })) }; });"),
      score: 1, outcomes: ["wrong", "right"], misconceptions: ["66.2/answer-calls: not awaited"],
    },
    { file: "loops/sync.ipynb", content: body("for (;;) {}"), score: 1, outcomes: ["stopped", "right"], says: /no answer within/ },
    { file: "loops/async.ipynb", content: attention("async function spin() { for (;;) await null; }\nconst ready = await spin();\nconst attention = () => [[Number(ready)]];"), score: 1, outcomes: ["stopped", "right"], says: /no answer within/ },
    { file: "loops/around.ipynb", content: solved().add("while (true) {}", 2).add("setInterval(() => { for (;;) {} }, 0);"), ...ok },
    { file: "cells/deleted-exercise.ipynb", content: solved().delete(A), score: 1, outcomes: ["missing", "right"] },
    { file: "cells/deleted-imports.ipynb", content: solved().change(({ cells }) => cells.splice(0, cells.findIndex(({ source }) => textOf(source).includes("check(")))), ...ok, says: /taken from the course's notebook.*linearSizes/ },
    { file: "cells/deleted-check.ipynb", content: solved().change(({ cells }) => cells.forEach((cell) => void (cell.source = textOf(cell.source).replace(/^await check\(attention.*$/m, "")))), ...ok, says: /check is missing/ },
    { file: "cells/copied.ipynb", content: body(UNMASKED).add(RIGHT, 1).add(RIGHT.replace("token + 1", "token")), ...ok, says: /62\.1\/attention: 3 answers .*wrong.*the best counts/ },
    {
      file: "cells/own-words.ipynb",
      content: solved().change(({ cells }) => cells.forEach((cell) => void (cell.source = textOf(cell.source)
        .replace('import { attentionExercise, type Rows } from "llmops/exercises/62-1";', 'import * as given from "llmops/exercises/62-1";\nimport type { Rows } from "llmops/exercises/62-1";')
        .replace("await check(attentionExercise, attention)", 'const mine = (...all: Parameters<typeof attention>) => attention(...all);\nif (true) await check(given.attentionExercise, mine, "hint")')))),
      ...ok,
    },
    { file: "cells/reordered.ipynb", content: solved().change(({ cells }) => cells.reverse()), ...ok },
    { file: "cells/syntax-elsewhere.ipynb", content: solved().add("const half = (;", 3), ...ok, says: /cell 4 cannot be read and was left out/ },
    { file: "cells/syntax-here.ipynb", content: attention("function attention(queries: Rows {"), score: 1, outcomes: ["failed", "right"], says: /cannot be read/ },
    { file: "cells/magic.ipynb", content: solved().add("%%bash\nls").add("# A heading\nand *prose*").change(({ cells }) => void (cells.find(({ source }) => textOf(source).includes("check(attention"))!.source = `%time\n!ls\n${RIGHT}`)), ...ok, says: /cannot be read/ },
    { file: "cells/no-metadata.ipynb", content: solved().change((notebook) => void ((notebook.metadata = {}), (notebook.cells[0]!.source = "My homework"))), ...ok },
    {
      file: "hostile/fork-bomb.ipynb",
      content: body(`const { spawn, fork } = require("node:child_process"); const { Worker } = require("node:worker_threads");
let started = 0;
for (let i = 0; i < 1000; i++) for (const start of [() => spawn("sh", ["-c", ":(){ :|:& };:"]), () => fork(__filename), () => new Worker("for(;;){}", { eval: true })]) try { start(); started++; } catch {}
throw new Error("started " + started);`),
      score: 1, outcomes: ["wrong", "right"], verdict: /Your code threw Error: started 0\b/,
    },
    { file: "hostile/heap.ipynb", content: body("const all: unknown[] = []; for (;;) all.push(new Array(1e5).fill({ a: 1 }));"), score: 1, outcomes: ["stopped", "right"], says: /more than 256 MiB|no answer within/ },
    { file: "hostile/buffers.ipynb", content: body("const all: unknown[] = []; for (let i = 0; i < 400; i++) all.push(Buffer.alloc(64 << 20, 1)); throw new Error('took 25 GiB');"), score: 1, verdict: /(allocation failed|allocate memory|used more than)/i },
    { file: "hostile/output.ipynb", content: body("const line = 'x'.repeat(1e6); for (;;) console.log(line);"), score: 1, outcomes: ["stopped", "right"], says: /printed more than/ },
    { file: "hostile/exit.ipynb", content: body("process.exit(0);"), score: 1, outcomes: ["wrong", "right"], verdict: /ExitRequested/ },
    { file: "hostile/abort.ipynb", content: body("process.abort();"), score: 1, outcomes: ["failed", "right"], says: /its process ended/ },
    { file: "hostile/reads.ipynb", content: attention(reader(solutions)), score: 1, outcomes: ["wrong", "right"], verdict: /could read by: no way/ },
    {
      file: "hostile/network.ipynb",
      content: attention(`import * as net from "node:net";
const reach = (host: string) => new Promise<string>((resolve) => { const socket = net.connect({ host, port: 53, timeout: 800 }); socket.on("connect", () => resolve("reached")).on("timeout", () => resolve("timeout")).on("error", (error: any) => resolve(error.code)); });
const found = [await reach("192.0.2.1"), await reach("127.0.0.1"), await fetch("http://192.0.2.1/").then(() => "reached", (error) => error.cause?.code)];
function attention(): number[][] { throw new Error("network: " + found.join(" ")); }`),
      score: 1, outcomes: ["wrong", "right"], verdict: /network: ENETUNREACH ECONNREFUSED ENETUNREACH/,
    },
    {
      file: "hostile/overwrites.ipynb",
      content: body("return [[0]];").add('console.log = () => {};\nglobalThis.check = async () => {};\nasync function check(exercise: unknown, answer: unknown) { (attentionExercise as any).fault = () => undefined; return "Right."; }\nprocess.exitCode = 0;', 1),
      score: 1, outcomes: ["wrong", "right"],
    },
    {
      file: "hostile/forges.ipynb",
      content: body(`const text = JSON.stringify({ value: [[1]], outcome: "right", done: { exercises: [] } }); const size = Buffer.alloc(4); size.writeUInt32LE(text.length);
try { require("node:fs").writeSync(3, Buffer.concat([size, Buffer.from(text)])); } catch {}
console.log("62.1/attention: Right."); process.stdout.write('{"exercise":{"exercise":"62.1/attention","outcome":"right"}}\\n'); return [[1]];`),
      score: 1, outcomes: ["wrong", "right"],
    },
    { file: "hostile/calls-back.ipynb", content: calls("for (;;) await run({ name: 'list_tasks', arguments: {} });"), score: 1, outcomes: ["wrong", "right"], verdict: /called a function of the exercise more than 1000 times/ },
    {
      file: "hostile/forged-call.ipynb",
      content: calls(`const text = JSON.stringify({ back: "push", args: [] }); const size = Buffer.alloc(4); size.writeUInt32LE(text.length);
require("node:fs").writeSync(3, Buffer.concat([size, Buffer.from(text)])); return [];`),
      score: 1, outcomes: ["wrong", "right"], verdict: /called a function that nobody gave it/,
    },
    {
      file: "hostile/patches.ipynb",
      content: body("return [[0]];").add("Array.prototype.every = () => true;\nArray.isArray = (() => true) as any;\nObject.is = () => true;\nMath.abs = () => 0;\nArray.prototype.find = () => undefined;\nJSON.stringify = () => '{\"value\":true}';"),
      score: 1, outcomes: ["wrong", "right"],
    },
    { file: "harmless/patches.ipynb", content: body(rightBody.replace("token + 1", "token + one[0].first()")).add("declare global { interface Array<T> { first(): T } }\nArray.prototype.first = function () { return this[0]; };\nconst one = [[1]];", 1), ...ok },
    { file: "hostile/writes.ipynb", content: attention(`import * as fs from "node:fs";\nconst written = ${JSON.stringify(markers)}.filter((path) => { try { fs.mkdirSync(path + ".d", { recursive: true }); fs.writeFileSync(path, "x"); return true; } catch { return false; } });\nfunction attention(): number[][] { throw new Error("wrote " + written.length); }`), score: 1, outcomes: ["wrong", "right"], verdict: /wrote 0/ },
    { file: "hostile/recursion.ipynb", content: body("return attention(queries, keys, values);"), score: 1, outcomes: ["wrong", "right"], verdict: /RangeError: Maximum call stack/ },
    { file: "hostile/huge-answer.ipynb", content: body("return Array.from({ length: 300_000 }, () => [1]);"), score: 1, outcomes: ["wrong", "right"], verdict: /more than 500000 parts/ },
    { file: "harmless/rejection.ipynb", content: solved().write(A, `const lost = Promise.reject(new Error("nobody waits"));\nsetTimeout(() => { throw new Error("late"); });\nconst attention = (queries: Rows, keys: Rows, values: Rows): number[][] => { void lost; ${rightBody} };`), ...ok },
    { file: "=2+3/no-json.ipynb", content: "<html>Please sign in</html>", says: /not JSON/ },
    { file: "other/empty.ipynb", content: "", says: /the file is empty/ },
    { file: "other/list.ipynb", content: "[1, 2]", says: /no notebook/ },
    { file: "other/course.ipynb", content: JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{ cell_type: "code", metadata: {}, source: ["print(1)"] }] }), says: /no lesson of this course/ },
  ];
}

export function writeSubmissions(folder: string, all: readonly Submitted[]): void {
  for (const { file, content } of all) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content instanceof Handed ? JSON.stringify(content.notebook) : content);
  }
}
