/**
 * `npm run check:colab`: whether every Colab notebook will open and run as written: nbformat, T4, pinned installs, no secret,
 * Python that parses, and calls that the pinned packages take.
 *
 *     npm run check:colab                 checks; downloads the pinned wheels (about 90 MB, kept in .workbook/cache/wheels)
 *     npm run check:colab -- --record     writes colab/signatures.json anew, after a version or a call has changed
 *
 * The wheels are read, never installed or imported: they want CUDA. `npm test` repeats all but the download. What this cannot
 * see: names that a function takes by **kwargs and hands on (said as "open"), calls on values whose class the code does not
 * show, and what Unsloth replaces in the other packages when it is imported.
 */
import { spawnSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { launch, openHandOff } from "llmops/pair";
import { checkCalls, checkNotebooks, CHECKED, colabCode, committedNotebooks, pins, readSignatures, SignatureFile, SIGNATURES, TAUGHT } from "./colab-notebooks.ts";
import { PYTHON, ROOT, STATE } from "./paths.ts";

const WHEELS = join(STATE, "cache", "wheels");
const show = (path: string): string => relative(ROOT, path);
let failed = 0;

function say(ok: boolean, check: string, details: readonly string[] = []): void {
  if (!ok) failed += 1;
  console.log(`${ok ? "ok    " : "FAILED"} ${check}`);
  for (const detail of details) console.log(`         ${detail}`);
}

/** The wheels of the pinned versions, and no others. */
function download(wanted: Record<string, string>): void {
  mkdirSync(WHEELS, { recursive: true });
  const fileOf = (name: string): string => `${name.replaceAll("-", "_")}-${wanted[name]}-`;
  for (const file of readdirSync(WHEELS)) if (!CHECKED.some((name) => file.startsWith(fileOf(name)))) rmSync(join(WHEELS, file));
  const missing = CHECKED.filter((name) => !readdirSync(WHEELS).some((file) => file.startsWith(fileOf(name))));
  if (missing.length === 0) return;
  console.log(`Downloading ${missing.map((name) => `${name} ${wanted[name]}`).join(", ")} …`);
  const platforms = ["manylinux_2_24_x86_64", "manylinux_2_28_x86_64", "any"].flatMap((platform) => ["--platform", platform]);
  const { status, stderr } = spawnSync(
    PYTHON,
    ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--python-version", "3.13", ...platforms, "--dest", WHEELS, ...missing.map((name) => `${name}==${wanted[name]}`)],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the wheels cannot be downloaded: ${stderr.trim().split("\n").pop()}`);
}

/** A hand-off notebook of each job that there is. */
async function generate(home: string): Promise<string[]> {
  const runtime = openHandOff({ home, env: {} });
  const paths: string[] = [];
  for (const file of globSync("colab/jobs/*.py", { cwd: ROOT }).sort()) {
    const module = basename(file, ".py");
    const run = await launch({ name: module.replaceAll("_", "-"), code: [`jobs/${module}.py`], command: ["{python}", "-m", `jobs.${module}`, "recipe.json"], recipe: {} }, runtime, { home });
    paths.push(runtime.notebookPath(run.id));
  }
  return paths;
}

/** What the pinned wheels declare of the names that this code calls, and that as the file of signatures. */
function declared(code: readonly string[]): { signatures: ReturnType<typeof readSignatures>; text: string } {
  const called = checkCalls(code).map(({ target }) => target);
  const signatures = readSignatures(WHEELS, [...new Set([...TAUGHT, ...called])].sort());
  const text = `{\n "versions": ${JSON.stringify(versions)},\n "signatures": {\n${Object.entries(signatures).map(([name, signature]) => `  ${JSON.stringify(name)}: ${JSON.stringify(signature)}`).join(",\n")}\n }\n}\n`;
  SignatureFile.parse(JSON.parse(text));
  return { signatures, text };
}

const versions = Object.fromEntries(CHECKED.map((name) => [name, pins()[name] ?? "not pinned"]));
const home = mkdtempSync(join(tmpdir(), "check-colab-home-"));
try {
  const generated = await generate(home);
  const own = globSync("runs/*/hand-off/*.ipynb", { cwd: STATE }).map((path) => join(STATE, path));
  const notebooks = [...generated, ...committedNotebooks(), ...own], code = [...colabCode(), ...notebooks];
  const faults = checkNotebooks(notebooks);
  say(faults.length === 0, `${notebooks.length} notebooks: nbformat 4.5, T4, pinned installs, no secret, Python that parses`, faults.map(({ path, fault }) => `${show(path)}: ${fault}`));

  download(versions);
  let { signatures, text } = declared(code);
  if (process.argv.includes("--record")) {
    // Calls on a value are known once its class is recorded, so a new class takes a second round.
    for (let before = ""; text !== before; { signatures, text } = declared(code)) {
      writeFileSync(SIGNATURES, text);
      before = text;
    }
    console.log(`Wrote ${show(SIGNATURES)}: ${Object.keys(signatures).length} signatures.`);
  }
  say(readFileSync(SIGNATURES, "utf8") === text, `${show(SIGNATURES)} is what the pinned wheels declare (${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")})`, ["else: npm run check:colab -- --record, and look at the difference"].filter(() => readFileSync(SIGNATURES, "utf8") !== text));
  const unknown = Object.entries(signatures).filter(([name, signature]) => signature === null && TAUGHT.includes(name)).map(([name]) => name);
  say(unknown.length === 0, "every name that chapters 64 to 68 teach is there", unknown);

  const calls = checkCalls(code);
  const bad = calls.filter(({ verdict }) => verdict === "wrong" || verdict === "unrecorded"), open = calls.filter(({ verdict }) => verdict === "open");
  say(bad.length === 0, `${calls.length} imports and calls in ${code.length} files: ${calls.filter(({ verdict }) => verdict === "right").length} right, ${open.length} open, ${bad.length} wrong`, [...bad, ...open].map(({ path, line, target, verdict, detail }) => `${verdict}: ${show(path)}:${line} ${target}: ${detail}`));
} finally {
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
