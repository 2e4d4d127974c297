/** `llmops runs` through the real command, on the local route: follow, leave, end, bring home, remove. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { launch } from "llmops/pair";
import { onLocal, pause, pythonJob, startRuns, STEPS, until, type Outcome, type RunsCommand } from "./support/pair.ts";

const { root, home, jobs, runtime } = onLocal();

const begin = (args: string[]): RunsCommand => startRuns(home, args);
const runs = (...args: string[]): Promise<Outcome> => begin(args).ended;

test("a run from the terminal: listed, followed, left, ended, resumed, fetched, removed", async () => {
  assert.match((await runs("list")).stdout, /^No runs\.\n$/);
  const { id } = await launch(pythonJob(root, "terminal", STEPS), runtime, { home });
  const listed = JSON.parse((await runs("list", "--running", "--json")).stdout) as { runs: { id: string }[] };
  assert.deepEqual(listed.runs.map((run) => run.id), [id]);

  const attached = begin(["attach", "terminal"]);
  await until(() => (readLines(id) >= 6 ? true : undefined));
  await pause(300);
  attached.kill("SIGINT");
  const left = await attached.ended;
  assert.equal(left.status, 130, left.stderr);
  assert.match(left.stderr, new RegExp(`the job runs on; follow it again with llmops runs attach ${id}`));
  assert.equal((await runtime.status(id)).state, "running");
  assert.equal((await runs("remove", id)).status, 2, "a run that has not ended is kept");
  assert.match((await runs("fetch", id, "--json")).stdout, /wait for its end/);

  const interrupted = await runs("interrupt", id);
  assert.deepEqual([interrupted.status, interrupted.stdout], [0, `${id}: interrupted, stopped as asked\n`]);
  writeFileSync(join(jobs, id, "go"), "");
  const resumed = await runs("resume", id, "--json");
  assert.equal(resumed.status, 0, resumed.stderr);
  const { state, metrics, last } = JSON.parse(resumed.stdout) as { state: string; metrics: number; last: { step: number } };
  assert.deepEqual([state, metrics, last.step], ["finished", 12, 12]);
  assert.equal((await runs("log", id, "--lines", "1")).stdout, "from step 6\n");
  assert.match((await runs("show", id)).stdout, new RegExp(`^${id}: finished\non local, launched .*, ran .* in 2 attempts\n`));
  const fetched = JSON.parse((await runs("fetch", id, "--json")).stdout) as { paths: Record<string, string> };
  assert.deepEqual(JSON.parse(readFileSync(fetched.paths["result.json"]!, "utf8")), { last: 12 });
  assert.match((await runs("attach", id)).stdout, /finished after .*12 metrics/);
  assert.equal((await runs("remove", id)).stdout, `Removed ${id} here and in its runtime\n`);
  assert.deepEqual([existsSync(join(jobs, id)), existsSync(join(home, "runs", id))], [false, false]);
  const unknown = await runs("show", id, "--json");
  assert.deepEqual([unknown.status, (JSON.parse(unknown.stdout) as { error: { code: string } }).error.code], [2, "unknown-run"]);
});

const readLines = (id: string): number => {
  const path = join(home, "runs", id, "metrics.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
};
