/** Watching real jobs on this machine: the moving view, its end, leaving it, and memory that runs out. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { attach, explainOutOfMemory, launch, openLocal, PairError, remedyFromPlan, stopLocalServer, watchRun, type Job, type Run, type Runtime } from "llmops/pair";
import { GIB, planTraining, type TrainingRunInput } from "llmops/compute";

const TRAIN = `
import math, sys, time
from runtime.metrics import Metrics
metrics, steps, pause = Metrics(), int(sys.argv[1]), float(sys.argv[2])
for step in range(1, steps + 1):
    loss = 2.5 * math.exp(-step / 20) + 0.5
    metrics.log(step, steps=steps, loss=float("nan") if len(sys.argv) > 3 and step > steps / 2 else loss, lr=2e-4, tokens_per_second=1500 + step % 7)
    if step % 10 == 0:
        metrics.log(step, steps=steps, eval_loss=loss * 1.1)
    time.sleep(pause)
`;
const MEASURE = `
from runtime.metrics import Metrics
metrics = Metrics()
for step, context in enumerate((128, 256, 512), 1):
    metrics.log(step, steps=3, context=context, latency_ms=12.5 * step)
`;
const HUNGRY = `
import json
from runtime.metrics import Metrics, out_of_memory
metrics, recipe = Metrics(), json.load(open("recipe.json"))
held = []
try:
    for row in range(recipe["batch"]):
        held.append(bytearray(32 << 20))
        metrics.log(row + 1, steps=recipe["batch"])
except MemoryError as error:
    held.clear()
    out_of_memory(error)
`;

interface Shown { data: Record<string, unknown>; update: boolean }

/** The kernel's writer, as a cell has it, and the signal of its interrupt button. */
function asNotebook(context: TestContext): { shown: Shown[]; interrupt: AbortController } {
  const jupyter = createRequire(import.meta.url)("tslab/dist/jupyter") as { lastWriteDisplayData: unknown };
  const shown: Shown[] = [], interrupt = new AbortController(), key = Symbol.for("llmops.interrupt"), globals = globalThis as Record<string | symbol, unknown>;
  jupyter.lastWriteDisplayData = ({ data }: { data: Record<string, unknown> }, update: boolean) => shown.push({ data, update });
  globals["__tslab__"] = true;
  globals[key] = { signal: interrupt.signal };
  context.after(() => {
    delete globals["__tslab__"];
    delete globals[key];
    jupyter.lastWriteDisplayData = null;
  });
  return { shown, interrupt };
}

describe("watching a run", () => {
  let home: string, runtime: Runtime;
  before(() => {
    home = mkdtempSync(join(tmpdir(), "workbook-test-"));
    runtime = openLocal({ home, packages: "standard" });
  });
  after(async () => {
    await runtime.stop().catch(() => runtime.close());
    await stopLocalServer(home);
    rmSync(home, { recursive: true, force: true });
  });

  const begin = (name: string, source: string, args: string[] = [], more: Partial<Job> = {}): Promise<Run> => {
    const path = join(home, `${name}.py`);
    writeFileSync(path, source);
    return launch({ name, code: [], files: { "main.py": path }, command: ["{python}", "main.py", ...args], packages: "standard", ...more }, runtime, { home });
  };

  it("in a notebook: one output that moves and ends as a chart, then a line of figures", async (context) => {
    const { shown } = asNotebook(context);
    const run = await watchRun(await begin("train", TRAIN, ["60", "0.04"], { plan: { peakBytes: 64 * 2 ** 20, usableBytes: 256 * 2 ** 20 } }), { pollMs: 100 });
    assert.equal(run.record.state, "finished");
    const [first, ...later] = shown;
    assert.equal(first!.update, false);
    const moving = later.filter(({ data, update }) => update && "text/html" in data).map(({ data }) => String(data["text/html"]));
    assert.ok(moving.length >= 4 && moving.length <= 20, `${moving.length} redraws in some three seconds`);
    const middle = moving.at(-2)!;
    for (const seen of [/<svg role="img" aria-label="Training loss 2\.878 at step 1 and/, />\d+ of 60</, />2\.00e-4</, />1,50\d</, /the plan says 64 MiB; 256 MiB can be used/, /about \d+ s|last step done/, /To stop watching, interrupt this cell/]) assert.match(middle, seen);
    assert.ok(middle.length < 20_000, `${middle.length} characters a redraw`);
    const chart = later.find(({ data }) => "application/vnd.vegalite.v5+json" in data)!;
    assert.equal(chart.update, true, "the chart takes the moving view's place");
    assert.match(String(chart.data["text/plain"]), /^Loss of train\. Training loss 2\.878 at step 1 and 0\.6245 at step 60; lowest 0\.6245 at step 60\. Evaluation loss 0\.6869 at step 60/);
    assert.match(String(shown.at(-1)!.data["text/plain"]), /^train-\S+: finished[\s\S]*2\.878 → 0\.6245/);
  });

  it("interrupting the cell leaves the job running and says how to attach; attached anew, nothing is lost", async (context) => {
    const { shown, interrupt } = asNotebook(context);
    const run = await begin("long", TRAIN, ["50", "0.06"]);
    const watching = watchRun(run, { pollMs: 100 });
    setTimeout(() => interrupt.abort(new Error("the cell was stopped")), 1200);
    await assert.rejects(watching, /the cell was stopped/);
    await new Promise((wake) => setTimeout(wake, 300));
    const farewell = String(shown.at(-1)!.data["text/plain"]);
    assert.ok(farewell.includes(`await watchRun(await attach("${run.id}"))`), farewell);
    assert.equal((await runtime.status(run.id)).state, "running");
    const again = await attach(run.id, { home, runtime });
    const terminal = { text: "", isTTY: true, columns: 200, write(text: string) { this.text += text; } };
    delete (globalThis as Record<string, unknown>)["__tslab__"];
    delete (globalThis as Record<symbol, unknown>)[Symbol.for("llmops.interrupt")];
    await watchRun(again, { pollMs: 100, terminal });
    assert.deepEqual(again.metrics.filter(({ loss }) => loss !== undefined).map(({ step }) => step), Array.from({ length: 50 }, (_, at) => at + 1));
    assert.match(terminal.text, /long: running · step \d+ of 50 · loss [\d.]+/);
    assert.ok((await attach(run.id, { home, runtime })).metrics.length === 55, "a run that has ended brings its metrics without its runtime");
  });

  it("a loss that breaks is seen, also as the bare NaN that Python writes", async (context) => {
    const { shown } = asNotebook(context);
    await watchRun(await begin("broken", TRAIN, ["40", "0", "nan"]), { pollMs: 100 });
    const text = shown.map(({ data }) => String(data["text/plain"])).join("\n");
    assert.match(text, /20 readings of the loss are no number/);
    assert.match(text, /Problem +the loss is no number from step 21 on/);
    const bare = await begin("bare", 'print(open("metrics.jsonl", "w").write(\'{"step": 1, "loss": NaN}\\n{"step": 2, "loss": 1.5, "eval_loss": -Infinity}\\n\'))');
    await watchRun(bare, { pollMs: 100 });
    assert.deepEqual(bare.metrics, [{ step: 1, loss: NaN }, { step: 2, loss: 1.5, eval_loss: -Infinity }]);
  });

  it("a runtime that does not answer for a while is asked again", async (context) => {
    asNotebook(context);
    const { id } = await begin("silent", TRAIN, ["10", "0.02"]);
    let refusals = 0;
    const deaf = Object.create(runtime, {
      status: { value: (job: string) => (refusals-- > 0 ? Promise.reject(new PairError("timeout", "no answer in 30 s")) : runtime.status(job)) },
      tail: { value: runtime.tail.bind(runtime) },
    }) as Runtime;
    const run = await attach(id, { home, runtime: deaf });
    refusals = 4;
    await watchRun(run, { pollMs: 50 });
    assert.ok(refusals <= 0, "all refusals were met");
    assert.deepEqual([run.record.state, run.metrics.filter(({ loss }) => loss !== undefined).length], ["finished", 10]);
  });

  it("a job without a loss shows what it measured; one that fails, why", async (context) => {
    const { shown } = asNotebook(context);
    await watchRun(await begin("measure", MEASURE), { pollMs: 100 });
    const table = shown.find(({ data }) => String(data["text/plain"]).startsWith("What the job measured"))!;
    assert.match(String(table.data["text/plain"]), /step +context +latency ms[\s\S]*3 +512 +37\.5/);
    await watchRun(await begin("failing", "print('reading rows')\nraise SystemExit('no rows in data.jsonl')"), { pollMs: 100 });
    assert.match(String(shown.at(-1)!.data["text/plain"]), /^failing failed: exit code 1: no rows in data\.jsonl\nThe log's last lines:\n {2}reading rows/);
  });

  it("out of memory is a result: the peak, the plan, the remedy, and a relaunch that succeeds", { skip: process.platform === "win32" ? "no limit of memory on Windows" : false }, async (context) => {
    const { shown } = asNotebook(context);
    const toPlan = ({ batch }: { batch: number }): TrainingRunInput => ({ model: "TinyLlama-1.1B", method: "qlora", batch, sequence: 1024, gpu: "T4" });
    const budget = planTraining(toPlan({ batch: 4 })).highBytes;
    const job: Partial<Job> = {
      recipe: { batch: 16 }, memoryGib: 0.4, plan: { peakBytes: planTraining(toPlan({ batch: 16 })).peakBytes, usableBytes: budget },
      remedy: remedyFromPlan({ toPlan, budget, apply: (recipe, { batch = recipe.batch }) => ({ batch }) }),
    };
    const run = await begin("hungry", HUNGRY, [], job);
    await watchRun(run, { pollMs: 100 });
    assert.equal(run.record.state, "out-of-memory");
    const explained = await explainOutOfMemory(run);
    assert.equal(shown.at(-1)!.data["text/plain"], explained.says);
    assert.ok(explained.peakBytes! > 0.3 * GIB && explained.peakBytes! < 0.45 * GIB, `${explained.peakBytes} bytes under a limit of 0.4 GiB`);
    assert.equal(explained.of, "host");
    assert.match(explained.says, /^Out of memory: 0\.3\d GiB of the machine's memory were held when it ended\. The plan says .*: it does not fit\. Next: set the batch to \d/);
    const next = (await run.relaunch({}))!;
    await next.wait();
    assert.equal(next.record.state, "finished", next.record.reason ?? "");
    assert.ok((next.recipe as { batch: number }).batch <= 8);
    assert.deepEqual(next.record.remedyOf, { run: run.id, says: explained.remedy });
    await assert.rejects(explainOutOfMemory(next), /there is no memory that ran out/);
  });

  it("remedies get smaller each time, also where the plan said it fits, and come to an end", () => {
    const toPlan = (recipe: TrainingRunInput): TrainingRunInput => recipe;
    const remedy = remedyFromPlan<TrainingRunInput, TrainingRunInput>({ toPlan, budget: 15 * GIB, apply: (recipe, change) => JSON.parse(JSON.stringify({ ...recipe, ...change })) as TrainingRunInput });
    let recipe: TrainingRunInput = { model: "Llama-3-8B", method: "qlora", batch: 2, sequence: 1024, gpu: "T4", framework: "unsloth" };
    const peaks = [planTraining(recipe).peakBytes];
    assert.ok(peaks[0]! < 15 * GIB, "the plan says that it fits");
    for (let next = remedy(recipe); next; next = remedy(recipe)) {
      recipe = next.recipe as TrainingRunInput;
      peaks.push(planTraining(recipe).peakBytes);
      assert.ok(peaks.at(-1)! < peaks.at(-2)!, next.says);
      assert.ok(peaks.length < 60);
    }
    assert.ok(peaks.length > 4, String(peaks.length));
  });
});
