// Makes the workbook's own environment where it is missing, then runs one of its TypeScript tools in it:
//
//     node tools/with-setup.mjs tools/start-lab.ts --port 8890
//
// This file and tools/setup/ use Node's own modules only and run on Node 20: they are what `npm start` reaches
// before anything is installed. Everything else in the repository runs on the Node 24 that they provide.
import { spawn } from "node:child_process";
import { prepareEnvironment } from "./setup/environment.mjs";
import { SetupError, explainFailure, report } from "./setup/messages.mjs";

// Node 24 takes a nursery of up to 32 MiB, twice, where there is memory; a build of 20,000 rows then takes 30 MiB more, and as long.
const NODE_FLAGS = ["--max-semi-space-size=16"];

const [script, ...args] = process.argv.slice(2);
if (!script) {
  console.error("usage: node tools/with-setup.mjs <script.ts> [arguments]");
  process.exit(2);
}

try {
  const { node, env } = await prepareEnvironment();
  const child = spawn(node, [...NODE_FLAGS, script, ...args], { stdio: "inherit", env });
  // The child sits in our process group and gets the terminal's Ctrl-C itself; we only wait for it to finish.
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
} catch (error) {
  const fault = error instanceof SetupError ? error : explainFailure("Preparing the workbook", String(error.stack ?? error));
  report(fault);
  process.exit(fault.interrupted ? 130 : 1);
}
