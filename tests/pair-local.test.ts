/** The local route: its server is killed in the middle, and stop leaves nothing behind. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { attach, findLocalServer, launch, openLocal } from "llmops/pair";
import { onLocal, processesOf, pythonJob, startRuns, STEPS, until } from "./support/pair.ts";

const { root, home, jobs, runtime } = onLocal();


test("a server that is killed in the middle: the job runs on, and the notebook and the terminal both find it again; stop ends all", async () => {
  const run = await launch(pythonJob(root, "restart", STEPS), runtime, { home });
  const server = (await findLocalServer(home))!;
  process.kill(server.pid, "SIGKILL");
  await until(async () => ((await findLocalServer(home)) === undefined ? true : undefined));
  assert.equal((await run.sync()).state, "running", "the open notebook starts a server anew");
  const fresh = (await findLocalServer(home))!;
  assert.notEqual(fresh.pid, server.pid);
  process.kill(fresh.pid, "SIGKILL");
  writeFileSync(join(jobs, run.id, "go"), "");
  const found = await attach(run.id, { home, runtime: openLocal({ home, packages: "standard" }) });
  await found.wait();
  await found.runtime.close();
  assert.deepEqual(found.metrics.map(({ step }) => step), Array.from({ length: 12 }, (_, at) => at + 1));

  const last = await launch(pythonJob(root, "last", STEPS), runtime, { home });
  const stopped = await startRuns(home, ["stop", last.id]).ended;
  assert.equal(stopped.status, 0, stopped.stderr);
  assert.match(stopped.stdout, new RegExp(`^Stopped local; ended ${last.id}`));
  assert.deepEqual([await findLocalServer(home), processesOf(join(jobs, last.id))], [undefined, []]);
  assert.match((await startRuns(home, ["list"]).ended).stdout, new RegExp(`${last.id} +local +interrupted`));
});
