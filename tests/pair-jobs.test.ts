/** How jobs end on a real Jupyter server: lost, out of time, out of memory; and how they go on. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { attach, launch, PairError } from "llmops/pair";
import { onJupyter, processesOf, pythonJob, TICKS, until } from "./support/pair.ts";

const { root, home, server, runtime, inRuntime } = await onJupyter();

test("a job that lost its supervisor says lost, leaves no process behind, and goes on where it is resumed", async () => {
  const run = await launch(pythonJob(root, "keeper", `
mark = pathlib.Path("checkpoints/step.txt"); mark.parent.mkdir(exist_ok=True)
first = int(mark.read_text()) if mark.exists() else 0
for step in range(first + 1, 41):
    metrics.log(step)
    mark.write_text(str(step))
    time.sleep(0.05 if step < 10 or first else 5)
`), runtime, { home });
  await until(async () => ((await run.sync()), run.metrics.length >= 9 ? true : undefined));
  const { pid } = JSON.parse(readFileSync(inRuntime(run, "state.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGKILL");
  await run.wait();
  assert.equal(run.record.state, "lost");
  assert.match(run.record.reason ?? "", /is gone/);
  await until(() => (processesOf(join(server.folder, "llmops-jobs", run.id)).length === 0 ? true : undefined));
  const lostAfter = run.seconds();
  await run.resume();
  await run.wait();
  assert.deepEqual([run.record.state, run.record.attempt], ["finished", 2]);
  assert.deepEqual(run.metrics.map(({ step }) => step), Array.from({ length: 40 }, (_, at) => at + 1));
  assert.ok(run.seconds() > lostAfter, "what the first attempt took is counted too");
});

test("a runtime whose disk was emptied: lost, and a resumed run goes on from the lines that are here", async () => {
  const run = await launch(pythonJob(root, "emptied", `for step in range(1, 6): metrics.log(step)`), runtime, { home });
  await run.wait();
  rmSync(inRuntime(run, ""), { recursive: true });
  await run.sync();
  assert.equal(run.record.state, "finished", "a run that has ended well and is here stays so");
  const record = { ...run.record, state: "running" as const };
  writeFileSync(join(run.folder, "run.json"), JSON.stringify(record));
  const again = await attach(run.id, { home, runtime });
  assert.deepEqual([again.record.state, again.record.reason?.includes("emptied")], ["lost", true]);
  await again.resume();
  await again.wait();
  assert.deepEqual(again.metrics.map(({ step }) => step), [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
});

test("a run that ended badly, resumed where its machine was emptied, is followed as the next attempt", async () => {
  const run = await launch(pythonJob(root, "emptied-failed", `
tries = pathlib.Path("job.json")
metrics.log(1)
if json.loads(tries.read_text())["attempt"] == 1: raise SystemExit(3)
`), runtime, { home });
  await run.wait();
  assert.deepEqual([run.record.state, run.record.attempt], ["failed", 1]);
  rmSync(inRuntime(run, ""), { recursive: true });
  await run.resume();
  await run.wait();
  assert.deepEqual([run.record.state, run.record.attempt], ["finished", 2]);
});

test("the time limit ends a job and says so", async () => {
  const run = await launch(pythonJob(root, "limit", TICKS, { minutes: 0.01 }), runtime, { home });
  await run.wait();
  assert.deepEqual([run.record.state, run.record.reason], ["time-limit", "stopped at the time limit"]);
});

test("memory that runs out is a state of its own, and relaunch tries remedy after remedy", async () => {
  const program = `
size = json.loads(pathlib.Path("recipe.json").read_text())["mib"]
held = bytearray(size * 2**20)
metrics.log(1, held=len(held))
`;
  const job = pythonJob(root, "memory", program, {
    recipe: { mib: 4000 }, memoryGib: 0.5,
    remedy: (recipe) => {
      const mib = (recipe as { mib: number }).mib / 5;
      return mib < 100 ? undefined : { says: `${mib} MiB`, recipe: { mib } };
    },
  });
  const first = await launch(job, runtime, { home });
  await assert.rejects(first.relaunch(), (error: unknown) => error instanceof PairError && error.code === "request");
  await first.wait();
  assert.equal(first.record.state, "out-of-memory", first.record.reason ?? "");
  assert.match(first.record.reason ?? "", /MemoryError/);
  const second = (await first.relaunch())!;
  await second.wait();
  assert.equal(second.record.state, "out-of-memory");
  // Attached with the job as the lesson wrote it: the remedy goes on from what was sent.
  const third = (await (await attach(second.id, { home, runtime, job })).relaunch())!;
  await third.wait();
  assert.deepEqual([third.record.state, third.record.remedyOf], ["finished", { run: second.id, says: "160 MiB" }]);
});
