// `npm run doctor`: what is installed, which doors are open, what is missing, and the command that mends it.
//
//     npm run doctor                looks, installs nothing, asks no other machine
//     npm run doctor -- --reach     also asks each open door whether it answers (a list of models; no charge)
//
// Like tools/setup, this file uses Node's own modules only and runs on Node 20: it has to run where nothing is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { libraryIsReady, treeIsReady } from "./setup/node-tree.mjs";
import { ROOT, STATE, VENV } from "./setup/paths.mjs";
import { NEEDED_BYTES, findPython, isReady } from "./setup/python.mjs";

const REACH_MS = 5000;
/** The oldest Python that PyTorch of colab/requirements.txt runs on. */
const TRAINS_FROM = [3, 11];
const MARKS = { good: "ok     ", missing: "MISSING", note: "note   " };

const reach = process.argv.includes("--reach");
const { env } = process;
const good = (what, says) => ({ mark: "good", what, says });
const note = (what, says, remedy) => ({ mark: "note", what, says, remedy });
const missing = (what, says, remedy) => ({ mark: "missing", what, says, remedy });

function runs(command, ...args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8", timeout: 20_000, shell: process.platform === "win32" });
  return status === 0 ? stdout.trim().split("\n")[0] : undefined;
}

function machine() {
  const found = [];
  const major = Number(process.versions.node.split(".")[0]);
  found.push(major >= 20 ? good("Node", `${process.versions.node}; lessons run on the workbook's own Node 24`) : missing("Node", `${process.versions.node} is too old`, "Install Node 20 or newer from nodejs.org"));
  let python;
  try {
    python = findPython();
    found.push(good("Python", `${python.version.join(".")}, ${python.executable}`));
  } catch (error) {
    found.push(missing("Python", error.message, error.remedy));
  }
  if (python && python.version[1] < TRAINS_FROM[1]) {
    found.push(note("Python for training", `${python.version.join(".")}: lessons that train or run a model need ${TRAINS_FROM.join(".")}`, "Install a newer Python, set WORKBOOK_PYTHON to it, delete .venv and run npm start"));
  }
  const git = runs("git", "--version");
  found.push(git ? good("git", git.replace("git version ", "")) : note("git", "not found: updates of the workbook come by git", "Install it from git-scm.com"));
  const { bavail, bsize } = statfsSync(ROOT);
  const free = bavail * bsize, installed = isReady() && treeIsReady();
  const says = `${(free / 1e9).toFixed(1)} GB free in ${ROOT}`;
  found.push(free >= NEEDED_BYTES || installed ? good("disk", says) : missing("disk", `${says}; the installation needs ${NEEDED_BYTES / 1e9} GB`, "Free some space, or move the workbook's folder to another disk"));
  return found;
}

function installation() {
  const install = "npm start installs it";
  const train = join(ROOT, ".venv-train"), stamp = join(train, "installed-requirements.txt"), wanted = join(ROOT, "colab", "requirements.txt");
  const trains = existsSync(stamp) && readFileSync(stamp, "utf8") === readFileSync(wanted, "utf8");
  const llama = existsSync(join(STATE, "llama", "node_modules", "node-llama-cpp"));
  const browser = [env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe"].find((path) => path && existsSync(path));
  return [
    isReady() ? good("JupyterLab and Node 24", VENV) : missing("JupyterLab and Node 24", existsSync(VENV) ? ".venv is of another version, or half made" : ".venv is not there", install),
    treeIsReady() ? good("TypeScript packages", "as in package-lock.json") : missing("TypeScript packages", "node_modules is not as package-lock.json says", install),
    libraryIsReady() ? good("the library", "compiled from lib/src as it is") : missing("the library", "lib/dist is not of these sources", "npm start compiles it"),
    existsSync(join(ROOT, "jupyter", "kernels", "tslab", "kernel.json")) ? good("the TypeScript kernel", "jupyter/kernels/tslab") : missing("the TypeScript kernel", "jupyter/kernels/tslab is not there", "git checkout jupyter"),
    trains ? good("training packages", ".venv-train") : note("training packages", existsSync(train) ? ".venv-train is of other requirements" : "not installed", "The first lesson that trains installs them (1.5 GB; on Linux about 6 GB, with CUDA): 62.7, and most lessons of chapters 64 to 66"),
    llama ? good("llama.cpp", ".workbook/llama") : note("llama.cpp", "not installed", "Lesson 64.8 and llmops chat install it on first use (85 MB)"),
    browser ? good("a browser for tests and pictures", browser) : note("a browser for tests and pictures", "no Chromium found; only authors need it", "Install it, or set CHROMIUM_PATH"),
  ];
}

async function doors() {
  return [await teacher(), await runtime(), note("model server", "llama.cpp in the lesson's own process"), ...strangeVariables()];
}

async function teacher() {
  const key = env.OPENAI_API_KEY, url = env.OPENAI_BASE_URL;
  if (!key && !url) return good("teacher and judge", "the simulator; for the real side set OPENAI_API_KEY, or OPENAI_BASE_URL (Ollama: http://localhost:11434/v1)");
  const address = url || "https://api.openai.com/v1";
  if (!URL.canParse(address)) return missing("teacher and judge", `OPENAI_BASE_URL is no address: "${url}"`, "It looks like http://localhost:11434/v1");
  const says = `the real side, ${address}${key ? "" : ", without a key"}`;
  if (!reach) return good("teacher and judge", `${says} (not asked: --reach)`);
  return answers("teacher and judge", says, `${address.replace(/\/$/, "")}/models`, { authorization: `Bearer ${key ?? "none"}` }, "Check OPENAI_API_KEY and OPENAI_BASE_URL");
}

async function runtime() {
  const name = env.LLMOPS_RUNTIME || "local";
  const says = { local: "this machine", jupyter: `a Jupyter server, ${env.LLMOPS_JUPYTER_URL ?? ""}`, "hand-off": "a notebook that you bring to Colab", tab: "a Colab tab of your browser", cli: "Colab by Google's command line" }[name];
  if (!says) return missing("runtime", `LLMOPS_RUNTIME is "${name}"`, "It is local, jupyter, hand-off, tab or cli");
  if (name === "cli" && !runs(env.LLMOPS_COLAB_CLI || "colab", "--help")) return missing("runtime", `${says}: no program ${env.LLMOPS_COLAB_CLI || "colab"} that runs`, "uv tool install google-colab-cli, then colab --auth oauth2 sessions");
  if (name !== "jupyter") return good("runtime", says);
  if (!URL.canParse(env.LLMOPS_JUPYTER_URL ?? "")) return missing("runtime", "LLMOPS_JUPYTER_URL is not set, or no address", "Set it, and LLMOPS_JUPYTER_TOKEN");
  if (!reach) return good("runtime", `${says} (not asked: --reach)`);
  return answers("runtime", says, new URL("api/status", env.LLMOPS_JUPYTER_URL), { authorization: `token ${env.LLMOPS_JUPYTER_TOKEN ?? ""}` }, "Check LLMOPS_JUPYTER_URL and LLMOPS_JUPYTER_TOKEN");
}

async function answers(what, says, url, headers, remedy) {
  try {
    const { status } = await fetch(url, { headers, signal: AbortSignal.timeout(REACH_MS) });
    return status === 200 ? good(what, `${says}: it answers`) : missing(what, `${says}: it answers with status ${status}`, remedy);
  } catch (error) {
    return missing(what, `${says}: it does not answer (${error.cause?.code ?? error.name})`, remedy);
  }
}

/** A name that is nearly one of ours is most likely meant to be. */
function strangeVariables() {
  const known = new Set(readdirSync(join(ROOT, "lib", "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => readFileSync(join(ROOT, "lib", "src", path), "utf8").match(/LLMOPS_[A-Z_]+/g) ?? []));
  return Object.keys(env).filter((name) => name.startsWith("LLMOPS_") && !known.has(name))
    .map((name) => note("environment", `${name} is set, and nothing reads it`, "Look for a slip of the pen; README names the variables"));
}

/** What a student has, and would not want to lose. */
function work() {
  const progress = join(env.LLMOPS_HOME || STATE, "progress.jsonl");
  const folder = join(ROOT, "work");
  const notebooks = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ipynb") && !path.includes(".ipynb_checkpoints")) : [];
  const updates = notebooks.filter((path) => path.endsWith(".update.ipynb"));
  const events = existsSync(progress) ? readFileSync(progress, "utf8").split("\n").filter(Boolean) : [];
  const unread = events.filter((line) => { try { return typeof JSON.parse(line) !== "object"; } catch { return true; } });
  return [
    good("your copies", notebooks.length ? `${notebooks.length - updates.length} notebooks in work/` : "none yet: npm start makes them"),
    ...(updates.length ? [note("your copies", `${updates.length === 1 ? "1 lesson has" : `${updates.length} lessons have`} a newer version beside yours`, `Look at ${updates[0]}; delete it when you took over what you want`)] : []),
    good("your progress", events.length ? `${events.length} events in ${progress}: npm run progress` : "nothing done yet"),
    ...(unread.length ? [note("your progress", `${unread.length === 1 ? "1 line" : `${unread.length} lines`} of ${progress} cannot be read; the rest counts`, "You may delete these lines")] : []),
  ];
}

let bad = 0;
for (const [title, found] of [["This machine", machine()], ["Installed", installation()], ["Doors", await doors()], ["Yours", work()]]) {
  console.log(`\n${title}`);
  for (const { mark, what, says, remedy } of found) {
    if (mark === "missing") bad += 1;
    console.log(`  ${MARKS[mark]}  ${what}: ${says}${remedy ? `\n           ${remedy.split("\n").join("\n           ")}` : ""}`);
  }
}
console.log(bad ? `\n${bad} ${bad === 1 ? "thing is" : "things are"} missing.` : "\nNothing is missing.");
process.exit(bad ? 1 : 0);
