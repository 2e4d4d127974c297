/** Metrics of a run that was started again: its steps since the checkpoint were done twice, and the second time counts. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { attach, type Runtime } from "llmops/pair";
import { scratch } from "./support/scratch.ts";

/** A runtime that has nothing but a metrics file, of which each look shows so many bytes. */
function runtimeOf(text: () => string): Runtime {
  const status = () => Promise.resolve({ state: "running" as const, now: 1, sizes: { "metrics.jsonl": Buffer.byteLength(text()) }, checkpoints: [] });
  const refuse = () => Promise.reject(new Error("not asked for"));
  return {
    driver: "local", address: { driver: "local" }, says: "", start: refuse, put: refuse, exec: refuse, interrupt: refuse, get: refuse, status, stop: refuse, close: () => Promise.resolve(),
    tail: (_job, _file, offset, limit = 7) => Promise.resolve({ bytes: Buffer.from(text()).subarray(offset, offset + limit), size: Buffer.byteLength(text()) }),
  };
}

interface Line { step: number; attempt?: number; loss?: number; eval_loss?: number }
const written = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");
const attempt = (number: number, from: number, to: number): Line[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at).flatMap((step) => [{ step, loss: step + number / 10, ...(number > 1 ? { attempt: number } : {}) }, ...(step % 4 === 0 ? [{ step, eval_loss: step, ...(number > 1 ? { attempt: number } : {}) }] : [])]);

async function follow(home: string, at: number): Promise<{ show: (text: string) => Promise<readonly object[]> }> {
  const id = `train-20261121-000000-${String(at).padStart(4, "0")}`;
  mkdirSync(join(home, "runs", id), { recursive: true });
  const time = new Date(0).toISOString();
  writeFileSync(join(home, "runs", id, "run.json"), JSON.stringify({
    version: 1, id, name: "train", created: time, updated: time, driver: "local", address: { driver: "local" }, recipeHash: "0", command: [], packages: "training", sent: [], state: "running", usdPerHour: 0, results: [],
  }));
  let text = "";
  const run = await attach(id, { home, runtime: runtimeOf(() => text) });
  return { show: async (more) => ((text = more), await run.sync(), run.metrics) };
}

test("steps that a resumed run does again replace those of the attempt before, looks at held-out rows too", async (context) => {
  const run = await follow(scratch(context), 0);
  const first = written(attempt(1, 1, 9)), second = written(attempt(2, 6, 10));
  assert.equal((await run.show(first)).length, 11);
  assert.deepEqual(await run.show(first + second), [...attempt(1, 1, 5), ...attempt(2, 6, 10)]);
  assert.deepEqual(await run.show(first + second + written(attempt(3, 1, 2))), attempt(3, 1, 2), "a start from the beginning");
});

test("after any number of attempts each step stands there once, in order, by the last attempt that did it", async (context) => {
  const home = scratch(context);
  let count = 1;
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ back: fc.nat(6), steps: fc.integer({ min: 1, max: 8 }) }), { minLength: 1, maxLength: 5 }), async (starts) => {
    const run = await follow(home, count++);
    const last = new Map<number, number>();
    let step = 0, text = "", shown: readonly object[] = [];
    for (const [at, { back, steps }] of starts.entries()) {
      const from = Math.max(1, step + 1 - back);
      step = from + steps - 1;
      for (const done of [...last.keys()]) if (done >= from) last.delete(done);
      for (let done = from; done <= step; done++) last.set(done, at + 1);
      text += written(attempt(at + 1, from, step).filter(({ loss }) => loss !== undefined));
      shown = await run.show(text);
    }
    assert.deepEqual(shown.map((metric) => [(metric as Line).step, (metric as Line).attempt ?? 1]), [...last].sort(([one], [other]) => one - other));
  }), { numRuns: 40 });
});
