// scratch, never committed
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { answerPrompts, readTaskCalls, scoreCalls, writeTaskRows } from "llmops/evaluate";
import { launch, openRuntime, startRuntime, tasklingFolder, watchRun } from "llmops/pair";
import { tasklingRecipe, trainingJob, TrainingRecord } from "llmops/train";
const dir = "/tmp/study/exp"; mkdirSync(dir, { recursive: true }); process.chdir(dir);
const train = readTaskCalls("train");
writeTaskRows(train, "train.jsonl"); writeTaskRows(readTaskCalls("validation"), "validation.jsonl");
const data = { train: resolve("train.jsonl"), eval: resolve("validation.jsonl") };
const runtime = openRuntime(); await startRuntime(runtime);
const change = JSON.parse(process.argv[2]!);
const recipe = tasklingRecipe({ data, evaluateEvery: 150, checkpoints: { every: 300, keep: 1 }, precision: "bf16", fallback: "fp32", groupByLength: true, ...change });
const run = await watchRun(await launch(trainingJob(recipe, { name: "exp" }), runtime)); await run.fetch();
const record = run.result("run.json", TrainingRecord);
const EXAMS = ["held-out", "unseen-words", "unseen-phrasings", "another-hand"] as const;
const out: string[] = [process.argv[2]!, `${record.attempts.reduce((s, a) => s + (a.train_seconds ?? 0), 0).toFixed(0)} s`, `eval ${record.eval_loss}`];
for (const set of EXAMS) {
  const calls = readTaskCalls(set);
  const { answers } = await answerPrompts(runtime, { model: join(run.folder, "artifacts", "merged"), prompts: calls.map(({ request }) => request) });
  const s = scoreCalls(calls, answers);
  out.push(`${set} ${[s.valid, s.operation, s.arguments].map((x) => (100 * x.estimate).toFixed(1)).join(" / ")}`);
}
console.log("RESULT " + out.join(" | "));
writeFileSync(`${dir}/results.txt`, out.join(" | ") + "\n", { flag: "a" });
await runtime.stop();
