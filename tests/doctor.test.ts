/** `npm run doctor`: on the machine that runs the tests, and on a clone where nothing is installed. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { EMBEDDED_DOORS } from "../tools/run-lessons.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const calm = { ...process.env, ...EMBEDDED_DOORS };
const doctor = (root: string, env: NodeJS.ProcessEnv, ...args: string[]) => spawnSync(process.execPath, [join(root, "tools/doctor.mjs"), ...args], { env: { ...calm, ...env }, encoding: "utf8" });

/** The files that doctor reads, and nothing that is installed. */
function bareClone(context: TestContext): string {
  const clone = scratch(context);
  for (const path of ["tools/doctor.mjs", "tools/setup", "package.json", "package-lock.json", "patches", "lib/package.json", "lib/src/course", "jupyter/requirements.txt", "jupyter/constraints.txt", "colab/requirements.txt"]) {
    cpSync(join(ROOT, path), join(clone, path), { recursive: true });
  }
  return clone;
}

test("here, where everything is installed, nothing is missing", (context) => {
  const { status, stdout } = doctor(ROOT, { LLMOPS_HOME: scratch(context) });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /ok {6} teacher and judge: the simulator/);
  assert.match(stdout, /Nothing is missing\.\n$/);
});

test("in a bare clone each missing thing has the command that mends it", (context) => {
  const { status, stdout } = doctor(bareClone(context), {});
  assert.equal(status, 1);
  for (const what of ["JupyterLab and Node 24", "TypeScript packages", "the library"]) assert.match(stdout, new RegExp(`MISSING {2}${what}.*\\n +npm start`), stdout);
  assert.match(stdout, /the TypeScript kernel.*\n +git checkout jupyter/);
  assert.match(stdout, /4 things are missing/);
});

test("a door that is set wrongly is named with its remedy", (context) => {
  const root = bareClone(context);
  for (const [env, says] of [
    [{ LLMOPS_RUNTIME: "colab" }, /MISSING {2}runtime: LLMOPS_RUNTIME is "colab"\n +It is local, jupyter, hand-off, tab or cli/],
    [{ LLMOPS_RUNTIME: "jupyter" }, /LLMOPS_JUPYTER_URL is not set/],
    [{ LLMOPS_RUNTIME: "cli", LLMOPS_COLAB_CLI: "/nowhere/colab" }, /no program \/nowhere\/colab that runs\n +uv tool install/],
    [{ OPENAI_BASE_URL: "localhost" }, /OPENAI_BASE_URL is no address: "localhost"/],
    [{ LLMOPS_RUNTIM: "tab" }, /LLMOPS_RUNTIM is set, and nothing reads it/],
  ] as [NodeJS.ProcessEnv, RegExp][]) assert.match(doctor(root, env).stdout, says);
});

test("--reach asks the open door, without it nothing leaves", async (context) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    response.writeHead(request.headers.authorization === "Bearer good" ? 200 : 401).end("{}");
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const look = (key: string, ...args: string[]) => new Promise<string>((answer) => {
    const child = spawn(process.execPath, [join(ROOT, "tools/doctor.mjs"), ...args], { env: { ...calm, OPENAI_BASE_URL: url, OPENAI_API_KEY: key } });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("close", () => answer(output));
  });
  assert.match(await look("good"), /not asked: --reach/);
  assert.deepEqual(asked, []);
  assert.match(await look("good", "--reach"), /it answers\n/);
  const refused = await look("bad", "--reach");
  assert.match(refused, /answers with status 401\n +Check OPENAI_API_KEY/);
  assert.doesNotMatch(refused, /Bearer|bad\b/, "no key on the screen");
  assert.deepEqual(asked, ["/v1/models Bearer good", "/v1/models Bearer bad"]);
});

test("damaged progress and a newer lesson beside the student's are told, and nothing is touched", (context) => {
  const root = bareClone(context), home = scratch(context);
  mkdirSync(join(root, "work", "63"), { recursive: true });
  for (const name of ["07-lab.ipynb", "07-lab.update.ipynb"]) writeFileSync(join(root, "work", "63", name), "{}");
  appendFileSync(join(home, "progress.jsonl"), '{"did":"opened"}\n{"did":"ope');
  const { stdout } = doctor(root, { LLMOPS_HOME: home });
  assert.match(stdout, /1 lesson has a newer version beside yours\n +Look at 63.07-lab\.update\.ipynb/);
  assert.match(stdout, /1 line of .*progress\.jsonl cannot be read/);
});
