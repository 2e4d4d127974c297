"use strict";
/**
 * The workbook's TypeScript kernel: tslab's sockets, message format and display API, with cells of our
 * own. tslab calls `startKernel` (option --engine, patches/README.md). See ../README.md for the whole.
 */
const fs = require("node:fs");
const path = require("node:path");
const { install: installErrors } = require("./errors.cjs");
const runs = require("./runs.cjs");
const { Server } = require("./server.cjs");
const { Runner } = require("./runner.cjs");
const tsVersion = require("typescript/package.json").version;
const tslabVersion = require("tslab/package.json").version;

const root = path.resolve(__dirname, "../../..");

const KERNEL_INFO = {
  status: "ok",
  protocol_version: "5.3",
  implementation: "tslab",
  implementation_version: tslabVersion,
  language_info: {
    name: "typescript",
    version: tsVersion,
    mimetype: "text/typescript",
    file_extension: ".ts",
    nbconvert_exporter: "script",
    // `mode` is read by JupyterLab, the rest by the classic notebook.
    codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
  },
  banner: `TypeScript ${tsVersion} on Node ${process.versions.node} (tslab ${tslabVersion}, patched for the LLMOps Workbook)`,
  help_links: [{ text: "TypeScript handbook", url: "https://www.typescriptlang.org/docs/handbook/" }],
};

/** process.exit() in a cell would end the kernel and lose the notebook's state. It ends the cell instead. */
class ExitRequested extends Error {
  name = "ExitRequested";
}

async function startKernel({ configPath }) {
  const cwd = process.cwd();
  delete process.env.NODE_COMPILE_CACHE; // ours alone (launch_kernel.py)
  installErrors(cwd);
  const server = new Server(configPath, KERNEL_INFO);
  runs.install((error, run) => server.reportStray("Uncaught exception", error, run));
  process.on("uncaughtException", (error) => server.reportStray("Uncaught exception", error));
  process.on("unhandledRejection", (reason) => server.reportStray("Unhandled rejection", reason));
  process.on("SIGINT", () => runs.interruptAll());
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    if (runs.current()) throw new ExitRequested(`process.exit(${code ?? ""}) was called; restart the kernel from the Kernel menu to end it`);
    exit(code);
  };
  server.runner = new Runner({ cwd, root, guard: (on) => server.guard(on) });
  // By this, which tslab sets too, a library knows that it runs in a notebook.
  globalThis.__tslab__ = { exports: server.runner.scope, require: server.runner.modules.require };
  try {
    await server.open();
  } catch (error) {
    // Two programs that start at once can be given the same free port. A kernel without its sockets would wait for ever:
    // when it ends, Jupyter starts it again on others.
    const why = error.code === "EADDRINUSE" ? `another program took its port ${error.address ?? ""} first` : error.stack ?? String(error);
    fs.writeSync(2, `TypeScript kernel: cannot open its sockets: ${why}\n`);
    // Not exit(1): zeromq may abort when the control thread is cut off, with a message that explains nothing.
    process.kill(process.pid, "SIGKILL");
  }
}

module.exports = { startKernel };
