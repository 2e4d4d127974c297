/**
 * Programs for kernels, and the judge of what a kernel made of them.
 *
 * A program is a few cells with the exact result that each must have. It runs in a fresh kernel, in a
 * folder of its own inside the project (so that packages are found), through client.py.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { inspect } from "node:util";

export const root = resolve(import.meta.dirname, "../..");
const scratch = join(root, ".workbook", "kernel-tests");

/** The content of a reply: the fields of all kinds of replies together, of which each has its own. */
export interface Content {
  status: string;
  execution_count: number;
  ename: string;
  evalue: string;
  traceback: string[];
  user_expressions: { [name: string]: { status: string } };
  payload: unknown[];
  matches: string[];
  cursor_start: number;
  cursor_end: number;
  metadata: { _jupyter_types_experimental: { type: string }[] };
  found: boolean;
  data: { [mime: string]: string };
  restart: boolean;
  implementation: string;
  banner: string;
  language_info: { name: string; version: string; file_extension: string };
  comms: object;
  history: unknown[];
}

/** What arrived for one request. */
export interface Record {
  stdout: string;
  stderr: string;
  results: { data: { [mime: string]: unknown }; execution_count: number }[];
  displays: { data: { [mime: string]: unknown }; transient: { display_id?: string } }[];
  updates: { data: { [mime: string]: unknown }; transient: { display_id?: string } }[];
  error: { ename: string; evalue: string; traceback: string[] } | null;
  input: { code: string; execution_count: number } | null;
  /** Kinds of messages in their order: stdout, stderr, display_data, execute_result, error, ... */
  events: string[];
  /** [seconds since the request, text] of each stream message. */
  arrivals: [number, string][];
  reply: { msg_type: string; content: Content; after: number };
  idle: boolean;
  /** Output came after the idle status. */
  late: boolean;
  interrupted_at?: number;
  ended?: boolean;
  seconds?: number;
  log?: string;
}

/** What a cell must do. Whatever is not said must not happen: no other output, no error. */
export interface Expect {
  /** The whole of standard output. */
  out?: string | RegExp;
  err?: RegExp;
  /** text/plain of the last expression's value. */
  result?: string | RegExp;
  /** The cell must end with this error. */
  error?: { ename?: string; evalue?: string | RegExp; trace?: RegExp[]; not?: RegExp };
  /** The cell must fail, in whatever form the kernel reports it (for programs that compare kernels). */
  fails?: boolean;
  display?: { [mime: string]: unknown }[];
  /** Anything else: a sentence that says what is wrong, or undefined. */
  check?: (records: Record[], all: Record[][]) => string | undefined;
}

/** A cell and its result (a string is its standard output), or any step that client.py knows. */
export type Step = string | [code: string, expected?: string | Expect] | ({ expect?: Expect } & { [key: string]: unknown });

export interface Program {
  name: string;
  steps: Step[];
  files?: { [path: string]: string };
}

export interface Topic {
  name: string;
  /** A language topic asks what TypeScript means; a protocol topic what Jupyter asks of a kernel. */
  kind: "language" | "protocol";
  programs: Program[];
}

const matches = (actual: string, wanted: string | RegExp) => (typeof wanted === "string" ? actual === wanted : wanted.test(actual));
const show = (value: unknown) => inspect(value, { breakLength: Infinity, depth: 6 });
/** Deno colours what it prints. */
const plain = (text: string) => text.replace(/\x1b\[[0-9;]*m/g, "");

function judgeCell(record: Record, expect: Expect, kind: Topic["kind"]): string | undefined {
  const out = plain(record.stdout);
  if (expect.fails) return record.reply.content.status === "error" ? undefined : `did not fail; output ${show(out)}`;
  if (expect.error) {
    const { error } = record;
    if (!error || record.reply.content.status !== "error") return `no error output, status ${record.reply.content.status}; stderr ${show(record.stderr)}`;
    const trace = plain(error.traceback.join("\n"));
    if (expect.error.ename !== undefined && error.ename !== expect.error.ename) return `ename ${show(error.ename)}, wanted ${show(expect.error.ename)}`;
    if (expect.error.evalue !== undefined && !matches(error.evalue, expect.error.evalue)) return `evalue ${show(error.evalue)}, wanted ${show(expect.error.evalue)}`;
    for (const wanted of expect.error.trace ?? []) if (!wanted.test(trace)) return `traceback lacks ${wanted}:\n${trace}`;
    if (expect.error.not?.test(trace)) return `traceback has ${expect.error.not}:\n${trace}`;
    const { ename, evalue, traceback } = record.reply.content;
    if (kind === "protocol" && show({ ename, evalue, traceback }) !== show(error)) return `reply and error output differ: ${show(record.reply.content)}`;
  } else if (record.reply.content.status !== "ok") {
    return `status ${record.reply.content.status}: ${plain(record.error?.traceback?.join("\n") ?? record.stderr)}`;
  }
  if (!matches(out, expect.out ?? "")) return `stdout ${show(out)}, wanted ${show(expect.out ?? "")}`;
  // Other kernels print notices there, which the comparison of the language does not hold against them.
  if (expect.err ? !expect.err.test(record.stderr) : kind === "protocol" && record.stderr !== "") return `stderr ${show(record.stderr)}, wanted ${expect.err ?? "nothing"}`;
  const results = record.results.map((result) => plain(String(result.data["text/plain"])));
  if (expect.result !== undefined ? results.length !== 1 || !matches(results[0]!, expect.result) : kind === "protocol" && results.length > 0) return `results ${show(results)}, wanted ${show(expect.result ?? "none")}`;
  const displays = record.displays.map((display) => display.data);
  if (expect.display ? show(displays) !== show(expect.display) : kind === "protocol" && displays.length > 0) return `displays ${show(displays)}, wanted ${show(expect.display ?? "none")}`;
  return undefined;
}

/** Names and texts of our own choice, which another kernel is not asked to use. */
const OWN_NAMES = new Set(["TypeScriptError", "Interrupted", "Thrown", "ExitRequested"]);

/** The same expectation without what is a matter of form: wording of messages, traces and printed values. */
function neutral(expect: Expect): Expect {
  const { error, result, err, ...rest } = expect;
  return {
    ...rest,
    ...(error && { error: OWN_NAMES.has(error.ename ?? "") ? {} : { ...(error.ename && { ename: error.ename }), ...(typeof error.evalue === "string" && { evalue: error.evalue }) } }),
    ...(result !== undefined && { result: /^/ }),
    ...(err && { err: /\S/ }),
  };
}

export interface Outcome {
  topic: Topic;
  program: Program;
  /** Undefined when the program did what it must. */
  problem?: string;
  ready?: number;
}

const asStep = (step: Step) => (typeof step === "string" ? { code: step, expect: {} } : Array.isArray(step) ? { code: step[0], expect: typeof step[1] === "string" ? { out: step[1] } : (step[1] ?? {}) } : step) as { expect?: Expect; code?: string; [key: string]: unknown };

/** What client.py says of a program. */
interface Answer {
  failure: string | null;
  steps: Record[][];
  /** Seconds until the kernel was ready. */
  ready?: number;
}

function judge(topic: Topic, program: Program, answer: Answer, lenient: boolean): string | undefined {
  const steps = program.steps.map(asStep);
  for (const [index, records] of answer.steps.entries()) {
    const { code, expect: exact } = steps[index]!;
    const expect = lenient && exact ? neutral(exact) : exact;
    const check = () => {
      try {
        return expect?.check?.(records, answer.steps);
      } catch (error) {
        return `the reply lacks what is looked for: ${String(error)}`; // as another kernel's may
      }
    };
    const problem = (code !== undefined ? judgeCell(records[0]!, expect ?? {}, topic.kind) : undefined) ?? check();
    if (problem) return `step ${index + 1}${code === undefined ? "" : ` (${code.split("\n")[0]})`}: ${problem}`;
  }
  return answer.failure ? `step ${answer.steps.length + 1}: ${answer.failure}` : undefined;
}

export interface Kernel {
  /** Name of the kernelspec. */
  name: string;
  /** Folders with kernelspecs. */
  jupyterPath: string;
  env?: { [name: string]: string };
  /** Asks for what the language and the protocol say, and not for our wording: for comparisons. */
  lenient?: boolean;
  /** Seconds to wait after a cell that fails: a kernel that aborts what comes right after it should not lose language programs by that. */
  pauseAfterFailure?: number;
  /** Spells a cell in this kernel's way, where only an import or a display call differs. */
  idiom?: (code: string, program: Program) => string;
  /** Where the programs' folders are made: packages are resolved from here. */
  folder?: string;
}

/** Runs the programs of all topics, two at a time. */
export async function runAll(topics: Topic[], kernel: Kernel, onOutcome: (outcome: Outcome) => void = () => {}): Promise<Outcome[]> {
  const python = [join(root, ".venv/bin/python"), join(root, ".venv/Scripts/python.exe")].find(existsSync);
  if (!python) throw new Error("there is no .venv: run npm start first");
  const folder = join(kernel.folder ?? scratch, `${kernel.name}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const jobs = topics.flatMap((topic) => topic.programs.map((program) => ({ topic, program })));
  const outcomes: Outcome[] = [];
  let next = 0;

  async function worker() {
    const child = spawn(python!, [join(import.meta.dirname, "client.py")], {
      env: { ...process.env, JUPYTER_PATH: kernel.jupyterPath, ...kernel.env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const kill = () => child.kill();
    process.once("exit", kill); // client.py ends its kernel then
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    while (next < jobs.length) {
      const id = next++;
      const { topic, program } = jobs[id]!;
      const idiom = (code: string) => kernel.idiom?.(code, program) ?? code;
      const steps = program.steps.map(asStep).map(({ expect, ...step }) => ({
        ...step,
        ...(expect?.fails && kernel.pauseAfterFailure ? { pause: kernel.pauseAfterFailure } : {}),
        ...(step.code === undefined ? {} : { code: idiom(step.code) }),
        ...(Array.isArray(step.batch) ? { batch: step.batch.map((code: string) => idiom(code)) } : {}),
      }));
      child.stdin.write(JSON.stringify({ id, kernel: kernel.name, cwd: join(folder, `${id}`), files: program.files ?? {}, steps }) + "\n");
      const line = await lines.next();
      const answer = line.done ? { failure: "the client ended", steps: [] } : (JSON.parse(line.value) as Answer);
      const outcome = { topic, program, problem: judge(topic, program, answer, kernel.lenient === true), ready: answer.ready };
      outcomes[id] = outcome;
      onOutcome(outcome);
    }
    child.stdin.end();
    process.off("exit", kill);
    await new Promise((done) => (child.exitCode === null ? child.once("exit", done) : done(undefined)));
  }

  try {
    await Promise.all([worker(), worker()]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return outcomes;
}
