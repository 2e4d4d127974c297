/** A hundred thousand metric lines through a real Jupyter server with its default limits, while their reader is killed. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { attach, launch, openJupyter } from "llmops/pair";
import { endProcesses, pause, pythonJob, startJupyter, until } from "./support/pair.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const LINES = 100_000;
const KILLS = 5;

test("100,000 metric lines arrive once each while the client is killed with SIGKILL five times", async (context) => {
  const folder = scratch(context), home = join(folder, "home");
  const server = await startJupyter(join(folder, "server"));
  context.after(() => server.stop());
  const env = { ...process.env, LLMOPS_JUPYTER_URL: server.url, LLMOPS_JUPYTER_TOKEN: server.token };
  const runtime = openJupyter({ env });
  const job = pythonJob(folder, "many-lines", `
for step in range(1, ${LINES} + 1):
    metrics.log(step, loss=1 / step, words="é" * (step % 40))
    if step % 100 == 0: print("line", step)
    if step % 1000 == 0 and not pathlib.Path("hurry").exists(): time.sleep(0.2)
`);
  const { id, folder: runFolder } = await launch(job, runtime, { home });
  const local = join(runFolder, "metrics.jsonl");
  const size = (): number => statSync(local, { throwIfNoEntry: false })?.size ?? 0;
  // The next client starts before this one is killed: for a moment two follow.
  const follow = (): ChildProcess => spawn(process.execPath, [join(ROOT, "tests/support/follow-run.ts"), home, id], { env, stdio: ["ignore", "pipe", "inherit"], cwd: ROOT });
  let next = follow();
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const client = next, ended = once(client, "exit");
    await once(client.stdout!, "data");
    if (kill < KILLS) next = follow();
    const before = size();
    await until(() => (size() > before ? true : undefined));
    await pause(Math.random() * 300);
    client.kill("SIGKILL");
    assert.deepEqual(await ended, [null, "SIGKILL"], "the client was killed while it followed");
    assert.equal((await runtime.status(id)).state, "running", "the job did not notice");
  }
  await runtime.put(`${id}/hurry`, new Uint8Array());
  const run = await attach(id, { home, runtime });
  await run.wait();
  assert.equal(run.record.state, "finished", run.record.reason ?? "");
  assert.deepEqual(run.metrics.map(({ step }) => step), Array.from({ length: LINES }, (_, at) => at + 1));
  for (const name of ["metrics.jsonl", "log.txt"]) {
    assert.ok(readFileSync(join(runFolder, name)).equals(readFileSync(join(server.folder, "llmops-jobs", id, name))), `${name} is the job's, byte by byte`);
  }
  await runtime.stop();
  endProcesses(folder);
});
