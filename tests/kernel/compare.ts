/**
 * The conformance programs on our kernel, on stock tslab and on Deno's kernel, as one table.
 * `npm run bench:kernels` writes COMPARISON.md. It downloads the other two into .workbook/ and takes some minutes.
 */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, runAll, type Kernel, type Outcome } from "./harness.ts";
import { topics } from "./topics.ts";

const TSLAB = "1.0.22";
const DENO = "2.9.6";
/** What the programs import; each kernel gets the versions of the project. */
const PACKAGES = ["zod", "openai", "gpt-tokenizer", "vega", "vega-lite", "typescript", "@types/node"];

const home = join(root, ".workbook", "kernel-comparison");
const versionOf = (name: string, from = root) => (JSON.parse(readFileSync(join(from, "node_modules", name, "package.json"), "utf8")) as { version: string }).version;

function prepare() {
  mkdirSync(home, { recursive: true });
  const dependencies = Object.fromEntries<string>([["tslab", TSLAB], ["deno", DENO], ...PACKAGES.map((name): [string, string] => [name, versionOf(name)])]);
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: "kernel-comparison", private: true, dependencies }));
  if (!existsSync(join(home, "node_modules/deno")) || versionOf("deno", home) !== DENO) {
    execFileSync(process.platform === "win32" ? "npm.cmd" : "npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: home, stdio: "inherit", shell: process.platform === "win32" });
  }
  const deno = createRequire(join(home, "node_modules/deno/package.json")).resolve(`@deno/${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}/package.json`).replace(/package\.json$/, "deno");
  spec("stock-tslab", [process.execPath, join(home, "node_modules/tslab/bin/tslab"), "kernel", "--config-path", "{connection_file}"]);
  spec("deno", [deno, "jupyter", "--kernel", "--conn", "{connection_file}"]);
}

/** Both install themselves with a kernelspec like this one, which interrupts by signal. */
function spec(name: string, argv: string[]) {
  const folder = join(home, "jupyter/kernels", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "kernel.json"), JSON.stringify({ argv, display_name: name, language: "typescript" }));
}

/** tslab's display API by Deno's means, for the programs that draw. */
const DENO_DISPLAY = `const __send = (data: any, id?: string, update = false) => { void Deno.jupyter.broadcast(update ? "update_display_data" : "display_data", { data, metadata: {}, transient: id ? { display_id: id } : {} } as any); };
const __make = (id?: string) => { let shown = false; const raw = (mime: string, v: any) => { __send({ [mime]: v instanceof Uint8Array ? btoa(String.fromCharCode(...v)) : v }, id, shown); if (id) shown = true; }; return { raw, html: (v: string) => raw("text/html", v), markdown: (v: string) => raw("text/markdown", v), svg: (v: string) => raw("image/svg+xml", v), latex: (v: string) => raw("text/latex", v), text: (v: string) => raw("text/plain", v), javascript: (v: string) => raw("text/javascript", v), png: (v: Uint8Array) => raw("image/png", v) }; };
const display = __make(); const newDisplay = () => __make(crypto.randomUUID()); const tslab = { display, newDisplay };
`;

const kernels: (Kernel & { title: string })[] = [
  { title: "this kernel", name: "tslab", jupyterPath: join(root, "jupyter"), lenient: true },
  { title: `tslab ${TSLAB}`, name: "stock-tslab", jupyterPath: join(home, "jupyter"), folder: join(home, "run"), lenient: true, pauseAfterFailure: 0.4 },
  {
    title: `Deno ${DENO}`,
    name: "deno",
    jupyterPath: join(home, "jupyter"),
    folder: join(home, "run"),
    env: { DENO_NO_UPDATE_CHECK: "1" },
    lenient: true,
    idiom: (code) => code.replace(/^import (?:\* as tslab|\{[^}]*\}) from 'tslab';/, () => DENO_DISPLAY),
  },
];

prepare();
const started = Date.now();
const columns: Outcome[][] = [];
for (const kernel of kernels) {
  process.stderr.write(`${kernel.title} `);
  const outcomes = await runAll(topics, kernel, ({ problem }) => process.stderr.write(problem ? "x" : "."));
  process.stderr.write("\n");
  columns.push(outcomes);
}

const score = (outcomes: Outcome[]) => `${outcomes.filter((outcome) => !outcome.problem).length} of ${outcomes.length}`;
const median = (outcomes: Outcome[]) => outcomes.map((outcome) => outcome.ready ?? Infinity).sort((a, b) => a - b)[outcomes.length >> 1]!.toFixed(1);
const row = (cells: string[]) => `| ${cells.join(" | ")} |`;
const rows = (kind: string) => topics.filter((topic) => topic.kind === kind).map((topic) => row([topic.name, ...columns.map((outcomes) => score(outcomes.filter((outcome) => outcome.topic === topic)))]));
const sum = (title: string, kind?: string) => row([`**${title}**`, ...columns.map((outcomes) => `**${score(outcomes.filter((outcome) => !kind || outcome.topic.kind === kind))}**`)]);
const header = [row(["", ...kernels.map((kernel) => kernel.title)]), row(["---", ...kernels.map(() => "--:")])];
const failures = kernels.flatMap((kernel, index) => {
  const failed = columns[index]!.filter((outcome) => outcome.problem);
  return [`### ${kernel.title}: ${failed.length} of ${columns[index]!.length} differ`, "", ...failed.map(({ topic, program, problem }) => `- ${topic.name}: ${program.name}. \`${problem!.split("\n")[0]!.replace(/`/g, "'").replaceAll(root, ".").slice(0, 140)}\``), ""];
});

const text = [
  "# Three TypeScript kernels",
  "",
  `Written by \`npm run bench:kernels\` on ${new Date().toISOString().slice(0, 10)}, in ${Math.round((Date.now() - started) / 60000)} minutes. The programs are those of`,
  "[programs/](programs/), each in a fresh kernel, driven by jupyter_client.",
  "",
  `This kernel: tslab ${versionOf("tslab")} with our engine, TypeScript ${versionOf("typescript")}, Node ${process.versions.node}. Stock tslab ${TSLAB}: its own TypeScript 5.0.4,`,
  `the same Node. Deno ${DENO}. All three see zod, openai, gpt-tokenizer, vega and vega-lite in the same versions.`,
  "",
  "## The language",
  "",
  "What TypeScript and Node mean by the program, told from standard output and from whether a cell fails. Deno's kernel",
  "does not check types, by its design; the topic *type checking* and a few programs elsewhere need that. Stock tslab drops",
  "cells for 0.2 s after an error: here it gets 0.4 s of rest, in the second table not.",
  "",
  ...header,
  ...rows("language"),
  sum("all", "language"),
  "",
  "## The notebook",
  "",
  "What Jupyter asks of a kernel, and this workbook of its own. Wording of messages, form of traces and of printed values",
  "are left out of the comparison; tslab's display calls are spelled Deno's way for Deno; *results and display* has programs",
  "that use this repository's library and tslab's version list, which the others cannot pass.",
  "",
  ...header,
  ...rows("protocol"),
  sum("all", "protocol"),
  "",
  row(["", ...kernels.map((kernel) => kernel.title)]),
  row(["---", ...kernels.map(() => "--:")]),
  sum("everything"),
  row(["seconds to start, median", ...columns.map(median)]),
  "",
  "## What differed",
  "",
  ...failures,
].join("\n");
writeFileSync(join(import.meta.dirname, "COMPARISON.md"), text);
console.log(text);
