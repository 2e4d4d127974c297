/** The hand-off: a notebook goes out, its cells run in a Python kernel with a stand-in for google.colab, one file comes back. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import fc from "fast-check";
import { attach, launch, openHandOff, PairError, type HandOff, type Job, type Run } from "llmops/pair";
import { PYTHON } from "../tools/paths.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const RESULT = z.object({ first: z.number(), steps: z.number(), token: z.boolean() });

function counting(recipe: Record<string, unknown>, more: Partial<Job> = {}): Job {
  return {
    name: "counting", code: [], command: ["{python}", "job.py"], recipe, files: { "job.py": join(ROOT, "tests/support/hand_off_job.py") },
    packages: "standard", results: { "result.json": RESULT }, ...more,
  };
}

interface Place {
  home: string;
  /** Stands for the browser's downloads. */
  downloads: string;
  uploads: string;
  drive: string;
  /** A fresh machine's /content. */
  machine: () => string;
}

function place(context: TestContext): Place {
  const root = scratch(context);
  const folder = (name: string): string => {
    mkdirSync(join(root, name), { recursive: true });
    return join(root, name);
  };
  let machines = 0;
  folder("drive/MyDrive");
  return { home: folder("home"), downloads: folder("downloads"), uploads: folder("uploads"), drive: join(root, "drive"), machine: () => folder(`machine-${++machines}`) };
}

interface CellResult {
  id: string;
  text: string;
  error: string | null;
}

/** Runs a notebook's cells on a machine; gives what each said. */
async function runAll(
  { downloads, uploads, drive }: Place, notebook: string, machine: string, args: string[] = [], env: NodeJS.ProcessEnv = {}, onCell: (cell: CellResult) => void = () => {},
): Promise<Map<string, CellResult>> {
  const child = spawn(PYTHON, [join(ROOT, "tests/support/run_colab.py"), notebook, machine, ...args], {
    stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, COLAB_DOWNLOADS: downloads, COLAB_UPLOADS: uploads, COLAB_DRIVE: drive, JUPYTER_PATH: "", ...env },
  });
  const cells: CellResult[] = [];
  let complaints = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    cells.push(JSON.parse(line) as CellResult);
    onCell(cells.at(-1)!);
  });
  child.stderr.on("data", (block: Buffer) => (complaints += block.toString()));
  const status = await new Promise<number | null>((ended) => child.on("close", ended));
  assert.ok(cells.length, `no cell ran (status ${status}): ${complaints.slice(-600)}`);
  return new Map(cells.map((cell) => [cell.id, cell]));
}

/** `llmops runs bring`, as in a terminal. */
const bring = (at: Place, ...args: string[]) =>
  spawnSync(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "runs", "bring", ...args], { cwd: ROOT, env: { ...process.env, LLMOPS_HOME: at.home }, encoding: "utf8" });

const bundleOf = ({ downloads }: Place, run: Run): string => join(downloads, `results-${run.id}.zip`);
const noErrors = (cells: Map<string, CellResult>): void => assert.deepEqual([...cells.values()].filter(({ error }) => error), []);

async function handOff(at: Place, job: Job): Promise<{ run: Run; runtime: HandOff }> {
  const runtime = openHandOff({ home: at.home, env: {} });
  return { run: await launch(job, runtime, { home: at.home }), runtime };
}

test("a job travels in a notebook, runs to its end there, and its results are fetched from the file that comes back", async (context) => {
  const at = place(context), { run, runtime } = await handOff(at, counting({ steps: 5 }));
  assert.equal(run.record.state, "starting");
  assert.match(run.record.reason ?? "", /open https:\/\/colab\.research\.google\.com.*Runtime > Run all.*runs bring/);

  const token = "stand-in-for-a-key";
  const cells = await runAll(at, runtime.notebookPath(run.id), at.machine(), [], { COLAB_SECRET_HF_TOKEN: token });
  noErrors(cells);
  assert.match(cells.get("follow")!.text, /finished: step 5 of 5, loss 0\.2000/);
  assert.ok(!existsSync(join(at.downloads, "unassigned")), "the machine ends only when the student ticks the box");

  const cut = join(at.uploads, "cut.zip");
  writeFileSync(cut, readFileSync(bundleOf(at, run)).subarray(0, 900));
  const refused = bring(at, run.id, cut);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /cut\.zip was not taken: it is no whole zip file/);
  assert.equal(bring(at, "counting-of-nobody", cut).status, 2);
  const brought = bring(at, run.id, bundleOf(at, run), "--json");
  assert.equal(brought.status, 0, brought.stderr);
  const said = JSON.parse(brought.stdout) as { state: string; metrics: number; artifacts: object };
  assert.deepEqual([said.state, said.metrics, Object.keys(said.artifacts).length], ["finished", 5, 2]);
  assert.match(bring(at, run.id, bundleOf(at, run)).stdout, /is finished\n5 metrics, 2 artifacts in /); // a second time is no harm

  await run.sync();
  assert.equal(run.record.state, "finished");
  assert.deepEqual(run.metrics.map(({ step }) => step), [1, 2, 3, 4, 5]);
  assert.match(run.log, /done/);
  const artifacts = await run.fetch();
  assert.deepEqual(Object.keys(artifacts).sort(), ["adapter/weights.bin", "result.json"]);
  assert.deepEqual(run.result("result.json", RESULT), { first: 1, steps: 5, token: false });
  assert.equal(readFileSync(artifacts["adapter/weights.bin"]!).length, 4096);
  const again = await attach(run.id, { home: at.home });
  assert.ok(again.hasEnded);
});

test("a lost machine: with Drive the notebook is run again elsewhere and goes on after the last checkpoint, with all that was reported", async (context) => {
  const at = place(context), go = join(at.home, "go"), { run, runtime } = await handOff(at, counting({ steps: 60, hold_at: 6, until: go }));
  const first = at.machine(), drive = ["--set", "KEEP_ON_DRIVE=True"];
  noErrors(await runAll(at, runtime.notebookPath(run.id), first, [...drive, "--until", "start"]));
  const folder = join(first, "llmops-jobs", run.id);
  await until(() => lines(join(folder, "metrics.jsonl")) === 6);
  const kept = join(at.drive, "MyDrive/llmops", run.id);
  copyFileSync(join(folder, "metrics.jsonl"), join(kept, "metrics.jsonl")); // as the follow cell does every 30 s
  copyFileSync(join(folder, "state.json"), join(kept, "state.json"));
  const state = JSON.parse(readFileSync(join(folder, "state.json"), "utf8")) as { pid: number; child: number };
  for (const pid of [state.pid, state.child]) process.kill(pid, "SIGKILL");
  rmSync(first, { recursive: true, force: true });
  writeFileSync(go, "");

  const cells = await runAll(at, runtime.notebookPath(run.id), at.machine(), drive);
  noErrors(cells);
  assert.match(cells.get("drive")!.text, /found on Drive: this run, with 1 checkpoints/);
  assert.match(cells.get("start")!.text, /started, attempt 2 \(the last one: lost\)/);
  await runtime.bring(run.id, join(kept, `results-${run.id}.zip`));
  await run.sync();
  await run.fetch();
  const { first: from } = run.result("result.json", RESULT);
  assert.ok(from === 6 || from === 7, `went on at step ${from}`); // killed before or after the checkpoint of step 6
  assert.equal(run.record.attempt, 2);
  const steps = run.metrics.map(({ step }) => step);
  assert.deepEqual(steps.slice(steps.length - 54), Array.from({ length: 54 }, (_, at) => at + 7));
  assert.deepEqual(steps.slice(0, 6), [1, 2, 3, 4, 5, 6]);
});

test("run again on the same machine, a notebook finds its job running; one that failed is resumed, and its earlier results are not taken again", async (context) => {
  const at = place(context), go = join(at.home, "go"), machine = at.machine();
  const { run, runtime } = await handOff(at, counting({ steps: 30, hold_at: 10, until: go, fail_once: true }));
  noErrors(await runAll(at, runtime.notebookPath(run.id), machine, ["--shell", "--until", "start"]));
  const cells = await runAll(at, runtime.notebookPath(run.id), machine, ["--shell"], {}, ({ id }) => {
    if (id === "start") writeFileSync(go, "");
  });
  noErrors(cells);
  assert.match(cells.get("start")!.text, /runs already/);
  assert.match(cells.get("follow")!.text, /exit code 1: this job fails once/);
  await runtime.bring(run.id, bundleOf(at, run));
  await run.sync();
  assert.equal(run.record.state, "failed");

  await run.resume();
  assert.equal(run.record.state, "starting");
  await assert.rejects(runtime.bring(run.id, bundleOf(at, run)), /of an attempt that was brought before the job was resumed/);
  noErrors(await runAll(at, runtime.notebookPath(run.id), machine, ["--shell"]));
  await runtime.bring(run.id, bundleOf(at, run));
  await run.sync();
  assert.equal(run.record.state, "finished");
  assert.equal(run.record.attempt, 2);
  assert.deepEqual(run.metrics.map(({ step }) => step), Array.from({ length: 30 }, (_, at) => at + 1)); // the second attempt had nothing left to count
  assert.deepEqual(Object.keys(await run.fetch()).sort(), ["adapter/weights.bin", "result.json"]);
});

test("a machine lost without Drive: the job begins anew elsewhere as the next attempt, and what was reported before stays in front", async (context) => {
  const at = place(context), { run, runtime } = await handOff(at, counting({ steps: 2, fail_once: true }));
  noErrors(await runAll(at, runtime.notebookPath(run.id), at.machine(), ["--shell"]));
  await runtime.bring(run.id, bundleOf(at, run));
  await run.sync();
  await run.resume();
  noErrors(await runAll(at, runtime.notebookPath(run.id), at.machine(), ["--shell"]));
  await runtime.bring(run.id, bundleOf(at, run));
  await run.sync();
  assert.deepEqual(readFileSync(join(run.folder, "metrics.jsonl"), "utf8").trim().split("\n").map((line) => (JSON.parse(line) as { step: number }).step), [1, 2, 1, 2]);
  assert.equal(run.record.attempt, 2);
});

test("data too large for a notebook travels beside it, and a cut upload is refused", async (context) => {
  const at = place(context), big = join(at.home, "rows.bin"), content = Buffer.alloc(6 << 20);
  for (let at = 0, seed = 1; at < content.length; at += 4) content.writeUInt32LE((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0), at); // packs badly
  writeFileSync(big, content);
  const { run, runtime } = await handOff(at, counting({ steps: 1 }, { files: { "job.py": join(ROOT, "tests/support/hand_off_job.py"), "data/rows.bin": big } }));
  const notebook = runtime.notebookPath(run.id), name = `data-${run.id}.bin`;
  assert.ok(readFileSync(notebook).length < 1 << 20);
  const data = readFileSync(join(notebook, "..", name));

  writeFileSync(join(at.uploads, name), data.subarray(0, data.length - 9));
  const machine = at.machine();
  const cut = await runAll(at, notebook, machine, ["--shell"]);
  assert.match(cut.get("data")!.error ?? "", /is not the file of this run, or not all of it/);
  rmSync(join(machine, name));
  writeFileSync(join(at.uploads, name), data);
  noErrors(await runAll(at, notebook, machine, ["--shell"]));
  assert.ok(readFileSync(join(machine, "llmops-jobs", run.id, "data/rows.bin")).equals(content));
});

test("a job that needs a GPU says how to get one where there is none, before anything is installed", async (context) => {
  const at = place(context), { run, runtime } = await handOff(at, counting({ steps: 1 }, { packages: "training" }));
  const cells = await runAll(at, runtime.notebookPath(run.id), at.machine(), ["--shell"]);
  assert.match(cells.get("machine")!.error ?? "", /This job needs a GPU\. Runtime > Change runtime type > T4 GPU/);
  assert.ok(!cells.has("install"));
});

test("a wrong, cut or foreign bundle is refused with the reason and put aside; the right one is then found in the run's folder", async (context) => {
  const at = place(context), { run, runtime } = await handOff(at, counting({ steps: 2, pages: 400 }));
  noErrors(await runAll(at, runtime.notebookPath(run.id), at.machine(), ["--shell"]));
  const good = readFileSync(bundleOf(at, run)), folder = run.folder;

  const refused = async (content: Buffer, reason: RegExp): Promise<void> => {
    const bad = join(folder, `results-${run.id}.zip`);
    writeFileSync(bad, content);
    await assert.rejects(run.sync(), reason);
    assert.ok(!existsSync(bad));
  };
  await refused(good.subarray(0, good.length - 100), /no whole zip file.*put aside as .*refused/);
  await refused(Buffer.from("<html>Sign in</html>"), /no whole zip file/);
  await refused(repack(bundleOf(at, run), "head['run'] = 'counting-20260101-000000-beef'"), /of another run: of counting-20260101-000000-beef/);
  await refused(repack(bundleOf(at, run), "manifest['artifacts'][0]['sha256'] = '0' * 64"), /manifest\.json has \d+ bytes/);
  await refused(repack(bundleOf(at, run), "head['recipeHash'] = 'f' * 64"), /of another recipe/);
  await refused(repack(bundleOf(at, run), "head['state']['state'] = 'running'"), /packed while the job was running/);
  await refused(repack(bundleOf(at, run), "del contents['artifacts/adapter/weights.bin']"), /lacks artifacts\/adapter\/weights\.bin/);
  await refused(repack(bundleOf(at, run), "contents['artifacts/adapter/weights.bin'] = b'x' * 102400"), /weights\.bin has 102400 bytes with the SHA-256/);
  await refused(repack(bundleOf(at, run), "contents['artifacts/adapter/weights.bin'] = b'x' * 50_000_000"), /more than the 102400 it may have/);
  await refused(repack(bundleOf(at, run), "head['state']['state'] = 'splendid'"), /its run\.json: state\.state/);
  assert.equal(readdirSync(join(folder, "refused")).length, 10);

  const flipped = join(at.downloads, "flipped.zip"), results = join(folder, "results"), accepted: number[] = [];
  await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: good.length - 1 }), fc.integer({ min: 1, max: 255 }), async (position, change) => {
    const content = Buffer.from(good);
    content[position]! ^= change;
    writeFileSync(flipped, content);
    try {
      await runtime.bring(run.id, flipped);
    } catch (error) {
      assert.ok(error instanceof PairError && error.code === "damaged", String(error));
      return;
    }
    // A byte that carries nothing, such as a time stamp of the archive: what was taken is what was packed.
    accepted.push(position);
    assert.equal(readFileSync(join(results, "metrics.jsonl"), "utf8").split("\n").length, 3);
    rmSync(results, { recursive: true });
    rmSync(join(folder, "results.zip"));
  }), { numRuns: 150, seed: 7 });
  assert.ok(accepted.length < 75, `${accepted.length} of 150 changed bundles were taken`);

  writeFileSync(join(folder, `results-${run.id} (1).zip`), good);
  assert.equal((await run.sync()).state, "finished");
  await run.fetch();
});

test("the downloads folder is looked into when the student names it, and a refused file there stays where it is", async (context) => {
  const at = place(context), runtime = openHandOff({ home: at.home, downloads: at.downloads, env: {} });
  const run = await launch(counting({ steps: 1 }), runtime, { home: at.home });
  const bad = join(at.downloads, `results-${run.id}.zip`);
  writeFileSync(bad, "half");
  await assert.rejects(run.sync(), /was left where it is/);
  assert.equal((await run.sync()).state, "starting"); // told once
  noErrors(await runAll(at, runtime.notebookPath(run.id), at.machine(), ["--shell"]));
  assert.equal((await run.sync()).state, "finished");
});

test("a hand-off cannot stop what it is not connected to, and says what can", async (context) => {
  const at = place(context), { run, runtime } = await handOff(at, counting({ steps: 1 }));
  await assert.rejects(run.interrupt(), /tick STOP_THE_JOB/);
  await assert.rejects(runtime.stop(), /Disconnect and delete runtime/);
  await assert.rejects(handOff(at, counting({ steps: 1 }, { command: ["{python}", "job.py", `--token=hf_${"aB3dE5".repeat(6)}`] })), /Secrets panel/);
});

const lines = (path: string): number => (existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0);

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error("it did not come to pass within 10 s");
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

const REPACK = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    contents = {name: archive.read(name) for name in archive.namelist()}
head, manifest = json.loads(contents["run.json"]), json.loads(contents["manifest.json"])
exec(sys.argv[3])
contents.update({"run.json": json.dumps(head).encode(), "manifest.json": json.dumps(manifest).encode()})
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as archive:
    for name, content in contents.items():
        archive.writestr(name, content)
`;

/** The bytes of a bundle after a change in Python to its `contents`, `head` or `manifest`. */
function repack(bundle: string, change: string): Buffer {
  const target = `${bundle}.changed`;
  const { status, stderr } = spawnSync(PYTHON, ["-c", REPACK, bundle, target, change], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return readFileSync(target);
}
