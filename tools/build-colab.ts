/**
 * `npm run build:colab`: writes the Colab notebooks of training lessons that anyone can open, into colab/. A lesson's own launch
 * by hand-off writes the same notebook for a run of the student's.
 */
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { gather, handOffNotebook, hashRecipe, measureInference, T4_INFERENCE, type Job, type RunRecord } from "llmops/pair";
import { ROOT } from "./paths.ts";

/** The file's name, which is also the notebook's, and the job in it. */
const LESSON_JOBS: Readonly<Record<string, Job>> = {
  "62-7-lab-inference-on-t4": measureInference(T4_INFERENCE),
};

/** The text of every notebook by its path; equal in every run. */
export function colabNotebooks(): Map<string, string> {
  return new Map(Object.entries(LESSON_JOBS).map(([name, job]) => {
    const files = gather(job), { command, minutes } = job;
    const record: RunRecord = {
      version: 1, id: name, name, created: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:00:00Z", driver: "hand-off", address: { driver: "hand-off" },
      recipeHash: hashRecipe(job, files), command: [...command], packages: job.packages ?? "training", sent: [], state: "preparing", usdPerHour: 0, results: [],
    };
    const { notebook } = handOffNotebook(record, { command, ...(minutes === undefined ? {} : { minutes }) }, files, 1, true);
    return [join(ROOT, "colab", `${name}.ipynb`), `${JSON.stringify(notebook, null, 1)}\n`];
  }));
}

if (import.meta.main) {
  for (const [path, text] of colabNotebooks()) {
    writeFileSync(path, text);
    console.log(`${relative(ROOT, path)}: ${text.length.toLocaleString("en-US")} characters`);
  }
}
