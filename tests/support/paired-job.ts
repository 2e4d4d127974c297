/** A job of Python alone that reports, checkpoints and leaves artifacts; for tests of the routes to a runtime. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "llmops/pair";

const SOURCE = `
import json, os, sys, time
sys.path.insert(0, "code/runtime")
from metrics import Metrics
recipe = json.load(open("recipe.json"))
metrics = Metrics()
for step in range(1, recipe["steps"] + 1):
    metrics.log(step, steps=recipe["steps"], loss=1 / step)
    print("step", step)
    time.sleep(recipe["pause"])
json.dump({"steps": recipe["steps"]}, open("artifacts/result.json", "w"))
open("artifacts/weights.bin", "wb").write(os.urandom(recipe["bytes"]))
`;

/** @param folder - where the job's source is written before it is sent */
export function pairedJob(folder: string, { steps = 5, pause = 0, bytes = 1000 } = {}): Job {
  const source = join(folder, "job.py");
  writeFileSync(source, SOURCE);
  return { name: "test", code: [], files: { "job.py": source }, command: ["{python}", "job.py"], recipe: { steps, pause, bytes }, packages: "standard", results: { "result.json": null } };
}
