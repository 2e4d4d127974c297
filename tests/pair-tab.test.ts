/** The route `tab` against a stand-in of a Colab tab: an MCP server over our WebSocket, whose cells really run. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { attach, launch, openTab, PairError, type Runtime } from "llmops/pair";
import { ColabMachine, until } from "./support/colab-machine.ts";
import { ColabNotebook, ColabTab, readPage, type TabOptions } from "./support/colab-tab.ts";
import { pairedJob } from "./support/paired-job.ts";
import { ROOT, scratch } from "./support/scratch.ts";

interface Pairing {
  runtime: Runtime;
  home: string;
  notebook: ColabNotebook;
  page: () => string;
  /** The tab that the browser opened. */
  tab: () => ColabTab;
  said: string[];
}

/** A workbook whose browser presses Connect at once. */
async function pair(context: TestContext, { tab: behaviour = {}, ...options }: { tab?: Partial<TabOptions>; packages?: "training"; connectMs?: number; returnMs?: number } = {}): Promise<Pairing> {
  const home = scratch(context), said: string[] = [], tabs: ColabTab[] = [];
  const notebook = new ColabNotebook(await ColabMachine.start(context));
  let page = "";
  const runtime = openTab({
    home, packages: "standard", report: (line) => said.push(line), returnMs: 300, ...options,
    open: (shown) => {
      page = shown;
      tabs.push(ColabTab.connect(page, { notebook, ...behaviour }));
    },
  });
  context.after(() => tabs.at(-1)?.close());
  return { runtime, home, notebook, page: () => page, tab: () => tabs.at(-1)!, said };
}

const fails = (code: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PairError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};

describe("a job in a Colab tab", () => {
  test("is launched, followed and fetched through cells, and the notebook is left as it was", async (context) => {
    const { runtime, home, notebook, said } = await pair(context);
    notebook.add(0, "print('of the student')");
    const run = await launch(pairedJob(home, { steps: 20, bytes: 300_000 }), runtime, { home, report: (line) => said.push(line) });
    await run.wait(undefined, { pollMs: 50 });
    assert.equal(run.record.state, "finished", run.record.reason ?? run.log);
    assert.deepEqual(run.metrics.map(({ step }) => step), Array.from({ length: 20 }, (_, index) => index + 1));
    const paths = await run.fetch();
    assert.equal(statSync(paths["weights.bin"]!).size, 300_000);
    assert.match(String(run.record.address["machine"]), /^[0-9a-f]{12}$/);
    assert.equal(notebook.cells.length, 2);
    await runtime.stop();
    assert.deepEqual(notebook.cells.map(({ code }) => code), ["print('of the student')"]);
    await until(() => !notebook.machine.isOn); // google.colab's runtime.unassign() was called
    assert.ok(!existsSync(join(home, "runtimes", "tab")), "the token is forgotten");
  });

  test("is read where the tab shows outputs only after the run", async (context) => {
    const { runtime, home } = await pair(context, { tab: { outputsLate: true } });
    const run = await launch(pairedJob(home), runtime, { home });
    assert.equal((await run.wait(undefined, { pollMs: 50 })).record.state, "finished");
  });

  test("goes on while the tab is closed, and is picked up by the next tab", async (context) => {
    const { runtime, home, notebook, page, tab } = await pair(context);
    const run = await launch(pairedJob(home, { steps: 100, pause: 0.02 }), runtime, { home });
    await run.sync();
    await tab().close();
    await assert.rejects(run.sync(), fails("lost", /Open the tab again.*the job goes on in the runtime/));
    const again = ColabTab.connect(page(), { notebook });
    context.after(() => again.close());
    await run.wait(undefined, { pollMs: 50 });
    assert.equal(run.record.state, "finished");
    assert.deepEqual(run.metrics.map(({ step }) => step), Array.from({ length: 100 }, (_, index) => index + 1));
    assert.equal(notebook.cells.length, 1, "the cell of the first tab is used again");
  });

  test("survives a tab that is loaded anew in the middle of a launch", async (context) => {
    let asked = 0;
    const { runtime, home, notebook, page, tab } = await pair(context, { returnMs: 5_000, tab: { onRun: () => {
      if (++asked !== 8) return;
      tab().socket.terminate();
      const again = ColabTab.connect(page(), { notebook });
      context.after(() => again.close());
    } } });
    const run = await launch(pairedJob(home), runtime, { home });
    await run.wait(undefined, { pollMs: 50 });
    assert.equal(run.record.state, "finished");
    assert.equal(run.record.attempt, 1);
    assert.ok(asked >= 8);
  });

  test("is found again by the next process through the same page", async (context) => {
    const home = scratch(context), notebook = new ColabNotebook(await ColabMachine.start(context));
    pairedJob(home); // writes job.py
    const script = `
      const { launch, openTab } = require("llmops/pair");
      const [home] = process.argv.slice(1);
      const job = { name: "test", code: [], files: { "job.py": home + "/job.py" }, command: ["{python}", "job.py"], recipe: { steps: 60, pause: 0.05, bytes: 10 }, packages: "standard" };
      const runtime = openTab({ home, packages: "standard", open: (page) => console.log("page", page) });
      launch(job, runtime, { home }).then(async (run) => { console.log("run", run.id); await run.wait(); });`;
    const first = spawn(process.execPath, ["-e", script, home], { cwd: join(ROOT, "lib"), stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    first.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    context.after(() => first.kill("SIGKILL"));
    await until(() => /page \S+\n/.test(output));
    const page = /page (\S+)\n/.exec(output)![1]!;
    const earlier = ColabTab.connect(page, { notebook });
    await until(() => /run \S+\n/.test(output));
    const id = /run (\S+)\n/.exec(output)![1]!, before = readPage(page);
    await assert.rejects(attach(id, { home }), fails("setup", new RegExp(`paired with another process of this workbook \\(${first.pid}\\)`)));

    const over = once(first, "exit");
    first.kill("SIGKILL");
    await over;
    await earlier.ended;
    let shown = "";
    const runtime = openTab({ home, packages: "standard", open: (path) => (shown = path) });
    const attached = attach(id, { home, runtime });
    await until(() => shown !== "");
    assert.deepEqual(readPage(shown), before, "port and token are the same, so the tab that is open finds us");
    const file = join(home, "runtimes", "tab", "pairing.json");
    if (process.platform !== "win32") for (const path of [file, shown]) assert.equal(statSync(path).mode & 0o077, 0, `${path} is for its user only`);
    const later = ColabTab.connect(page, { notebook });
    context.after(() => later.close());
    const run = await (await attached).wait(undefined, { pollMs: 50 });
    assert.equal(run.record.state, "finished");
    assert.equal(run.metrics.length, 60);
  });

  test("says so where the tab is connected to another machine", async (context) => {
    const { runtime, home, notebook, page, tab } = await pair(context);
    const run = await launch(pairedJob(home), runtime, { home });
    await run.wait(undefined, { pollMs: 50 });
    await tab().close();
    const other = new ColabNotebook(await ColabMachine.start(context));
    const wrong = ColabTab.connect(page(), { notebook: other });
    await assert.rejects(run.sync(), fails("lost", /another machine/));
    await wrong.close();
    const right = ColabTab.connect(page(), { notebook });
    context.after(() => right.close());
    assert.equal((await run.sync()).state, "finished");
  });

  test("is lost with a machine that Colab took back, and the record says so", async (context) => {
    const { runtime, home, notebook } = await pair(context);
    const run = await launch(pairedJob(home, { steps: 1000, pause: 0.05 }), runtime, { home });
    await run.sync();
    await notebook.machine.reclaim();
    notebook.machine = await ColabMachine.start(context);
    await run.sync();
    assert.equal(run.record.state, "lost");
    assert.match(run.record.reason!, /disk was emptied/);
    await run.resume();
    assert.notEqual(run.record.state, "lost");
    await run.interrupt();
    await run.wait(undefined, { pollMs: 50 });
    assert.equal(run.record.state, "interrupted");
  });
});

describe("the pairing", () => {
  test("waits for a T4 to be chosen in the tab, and pairs with the machine that has it", async (context) => {
    const { runtime, notebook, said } = await pair(context, { packages: "training" });
    const starting = runtime.start((line) => said.push(line));
    await until(() => said.some((line) => /no GPU.*T4 GPU/.test(line)));
    await notebook.machine.reclaim(); // Colab gives another machine for another runtime type
    notebook.machine = await ColabMachine.start(context, { gpu: true });
    assert.equal((await starting)?.gpu?.name, "Tesla T4");
    assert.ok(said.includes("The tab's machine has a Tesla T4."), said.join("\n"));
    assert.equal(runtime.address["machine"], readFileSync(join(notebook.machine.folder, "tmp", "llmops-machine"), "utf8"));
  });

  test("holds the token out of what is said and out of the addresses in records", async (context) => {
    const { runtime, home, page, said } = await pair(context);
    const run = await launch(pairedJob(home), runtime, { home, report: (line) => said.push(line) });
    const { token, url } = readPage(page());
    assert.equal(url.origin + url.pathname, "https://colab.research.google.com/notebooks/empty.ipynb");
    assert.ok(token.length >= 32);
    assert.ok(!said.join("\n").includes(token));
    assert.ok(!readFileSync(join(run.folder, "run.json"), "utf8").includes(token));
    await run.wait(undefined, { pollMs: 50 });
  });

  test("refuses whoever is not a Colab page with the token, with the status that colab-mcp gives", async (context) => {
    const { runtime, notebook, page, tab } = await pair(context);
    await runtime.start();
    await tab().close();
    const refused: [number, Partial<TabOptions>][] = [
      [403, { token: "x".repeat(32) }],
      [403, { token: "x" }],
      [403, { token: "wrong", tokenIn: "header" }],
      [401, { tokenIn: "nowhere" }],
      [403, { origin: "https://colab.research.google.com.example.org" }],
      [403, { origin: "http://colab.research.google.com" }],
      [403, { origin: "null" }],
      [400, { subprotocol: null }],
      [400, { subprotocol: "graphql-ws" }],
    ];
    for (const [status, options] of refused) assert.equal(await ColabTab.connect(page(), { notebook, ...options }).ended, status, JSON.stringify(options));
    const byHeader = ColabTab.connect(page(), { notebook, tokenIn: "header", origin: "https://colab.google.com" });
    context.after(() => byHeader.close());
    await until(() => byHeader.socket.readyState === byHeader.socket.OPEN);
    assert.equal((await runtime.status("nobody")).state, "absent");
  });

  test("keeps to one tab: a second one is closed as busy, and the first goes on", async (context) => {
    const { runtime, notebook, page } = await pair(context);
    await runtime.start();
    assert.equal(await ColabTab.connect(page(), { notebook }).ended, 1013);
    assert.equal((await runtime.status("nobody")).state, "absent");
  });

  test("closes on a message over the limit, and takes the tab back", async (context) => {
    const { runtime, notebook, page, tab } = await pair(context);
    await runtime.start();
    tab().socket.send("x".repeat(5 << 20));
    assert.equal(await tab().ended, 1009);
    const again = ColabTab.connect(page(), { notebook });
    context.after(() => again.close());
    assert.equal((await runtime.status("nobody")).state, "absent");
  });

  test("takes noise for no answer", async (context) => {
    const { runtime, tab } = await pair(context);
    await runtime.start();
    for (const noise of ["", "no JSON", "[]", "null", '{"jsonrpc":"2.0","id":99999,"result":{}}', '{"jsonrpc":"1.0"}']) tab().socket.send(noise);
    assert.equal((await runtime.status("nobody")).state, "absent");
  });

  test("is asked for by a browser's preflight, and answers Colab's pages only", async (context) => {
    const { runtime, page } = await pair(context);
    await runtime.start();
    const ask = (origin: string) => fetch(`http://127.0.0.1:${readPage(page()).port}/`, { method: "OPTIONS", headers: { origin, "access-control-request-private-network": "true" } });
    const colab = await ask("https://colab.research.google.com"), other = await ask("https://example.org");
    assert.deepEqual([colab.status, colab.headers.get("access-control-allow-private-network")], [204, "true"]);
    assert.deepEqual([other.status, other.headers.get("access-control-allow-private-network")], [426, null]);
  });

  test("ends with a sentence where no tab comes, or one without the tools", async (context) => {
    const alone = openTab({ home: scratch(context), packages: "standard", open: () => {}, connectMs: 50 });
    await assert.rejects(alone.start(), fails("lost", /no Colab tab was paired.*press Connect/));
    const { runtime } = await pair(context, { tab: { without: ["run_code_cell"] } });
    await assert.rejects(runtime.start(), fails("unsupported", /run_code_cell.*hand-off/));
  });
});
