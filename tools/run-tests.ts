/**
 * `npm test`: lint, then every test with Node's own runner, whose closing lines come last.
 *
 *     npm test                      everything
 *     npm test -- tests/data-*.ts   some files
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.ts";

// One after the other: several of them start JupyterLab, kernels or whole builds, and two cores are all there are.
const files = process.argv.slice(2).length ? process.argv.slice(2) : globSync("tests/**/*.test.ts", { cwd: ROOT }).sort();
const run = (args: string[]) => spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" }).status ?? 1;

const lint = process.argv.length > 2 ? 0 : run([join(ROOT, "tools", "check-sources.ts")]);
const tests = run(["--test", "--test-concurrency=1", "--test-reporter=spec", ...files]);
process.exit(lint || tests);
