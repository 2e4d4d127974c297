// The three things that have to be there, in order: Python's packages (Node 24 among them), npm's, the compiled lib.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { SetupError } from "./messages.mjs";
import { libraryIsReady, prepareLibrary, prepareNodeTree, treeIsReady } from "./node-tree.mjs";
import { ROOT, STATE, VENV_BIN } from "./paths.mjs";
import { isReady, preparePython } from "./python.mjs";

const LOCK = join(STATE, "setup.lock");

/**
 * Installs what is missing and returns what a tool needs to run.
 * @returns {Promise<{ node: string, env: NodeJS.ProcessEnv }>} the project's Node, and the environment it runs in
 * @throws {SetupError} with the remedy, when the machine lacks something
 */
export async function prepareEnvironment() {
  const [major] = process.versions.node.split(".").map(Number);
  if (major < 20) {
    throw new SetupError(
      `Node ${process.versions.node} is too old: the workbook starts with Node 20 or newer.`,
      "Install a current Node from nodejs.org (the workbook then brings its own Node 24).",
    );
  }
  mkdirSync(STATE, { recursive: true });
  // Commands run side by side once all is there: only what installs has to be alone.
  if (isReady() && treeIsReady() && libraryIsReady()) return prepare();
  const release = takeLock();
  try {
    return await prepare();
  } finally {
    release();
  }
}

async function prepare() {
  const { node, npmCli } = await preparePython();
  const env = environmentFor(node);
  await prepareNodeTree({ node, npmCli, env });
  await prepareLibrary({ node, env });
  return { node, env };
}

/** Node 24 and Jupyter first on the path; Jupyter finds the TypeScript kernel here and writes nothing elsewhere. */
function environmentFor(node) {
  const pathName = Object.keys(process.env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  const nodeFolder = process.platform === "win32" ? [dirname(node)] : []; // elsewhere .venv/bin/node links to it
  return {
    ...process.env,
    [pathName]: [...nodeFolder, VENV_BIN, process.env[pathName]].join(delimiter),
    WORKBOOK_ROOT: ROOT,
    JUPYTER_PATH: join(ROOT, "jupyter"),
    JUPYTER_CONFIG_DIR: join(STATE, "jupyter", "config"),
    JUPYTER_DATA_DIR: join(STATE, "jupyter", "data"),
    JUPYTER_RUNTIME_DIR: join(STATE, "jupyter", "runtime"),
    JUPYTERLAB_SETTINGS_DIR: join(STATE, "jupyter", "lab-settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(STATE, "jupyter", "lab-workspaces"),
    IPYTHONDIR: join(STATE, "jupyter", "ipython"),
    JUPYTER_PLATFORM_DIRS: "1",
    // onnxruntime-node would download CUDA parts after its installation; no lesson needs them.
    ONNXRUNTIME_NODE_INSTALL: "skip",
  };
}

// Two starts at once would install into the same folders.
function takeLock() {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const file = openSync(LOCK, "wx");
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(LOCK, { force: true });
    } catch (error) {
      if (error.code === "ENOSPC") throw new SetupError("The disk is full.", "Free about 1 GB, then run the same command again.");
      if (error.code !== "EEXIST") throw error;
      const owner = Number(readFileSync(LOCK, "utf8"));
      if (isRunning(owner)) {
        throw new SetupError(
          `Another command (process ${owner}) is installing the workbook right now.`,
          "Wait until it has finished, then run this one again.",
        );
      }
      rmSync(LOCK, { force: true }); // left by a run that was killed
    }
  }
  throw new SetupError("Another command is installing the workbook right now.", "Wait until it has finished.");
}

function isRunning(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
