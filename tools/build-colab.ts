/**
 * `npm run build:colab`: writes the Colab notebooks of training lessons that anyone can open, into colab/. A lesson's own launch
 * by hand-off writes the same notebook for a run of the student's.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { readToolRows, writeToolRows } from "llmops/data";
import { readTaskCalls, writeTaskRows } from "llmops/evaluate";
import { gather, handOffNotebook, hashRecipe, measureInference, T4_INFERENCE, type Job, type RunRecord } from "llmops/pair";
import { readPersonaRows, type PersonaSet } from "llmops/persona";
import { llama3OnT4, planRecipe, refuseMisfit, shapeOfBase, targetOf, trainingJob, type TrainingRecipe } from "llmops/train";
import { ROOT } from "./paths.ts";

/** The file's name, which is also the notebook's, and the job in it; `folder` is for data that the job sends. */
const LESSON_JOBS: Readonly<Record<string, (folder: string) => Job>> = {
  "62-7-lab-inference-on-t4": () => measureInference(T4_INFERENCE),
  "64-4-training-loop": trainOnTaskCalls,
  "65-4-persona-fine-tuning": trainOnPersona,
  "66-4-agentic-fine-tuning": trainOnToolCalls,
};

/** Lesson 64.4's training on a T4, as sections 2 of 64.3 and 8 of 64.4 write it. */
function trainOnTaskCalls(folder: string): Job {
  const data = { train: join(folder, "train.jsonl"), eval: join(folder, "validation.jsonl") };
  writeTaskRows(readTaskCalls("train").slice(0, 1200), data.train);
  writeTaskRows(readTaskCalls("validation").slice(0, 60), data.eval);
  return plannedOnT4(llama3OnT4({ data, steps: 150, evaluateEvery: 50, maxLength: 1024 }));
}

/** Lesson 65.4's rows in TaskMaster's voice, its system prompt inside, in Llama-3's own template. */
function trainOnPersona(folder: string): Job {
  const data = { train: join(folder, "train.jsonl"), eval: join(folder, "validation.jsonl") };
  const write = (set: PersonaSet, path: string) => writeFileSync(path, readPersonaRows(set, "taskmaster").map(({ messages }) => `${JSON.stringify({ messages })}\n`).join(""));
  write("train", data.train);
  write("validation", data.eval);
  return plannedOnT4(llama3OnT4({ data, chatTemplate: null, epochs: 1, evaluateEvery: 50, maxLength: 1024 }));
}

/** Lesson 66.4's conversations with tools, as many as a T4 trains in half an hour. */
function trainOnToolCalls(folder: string): Job {
  const data = { train: join(folder, "train.jsonl"), eval: join(folder, "validation.jsonl") };
  writeToolRows(readToolRows("train").slice(0, 1200), data.train);
  writeToolRows(readToolRows("validation").slice(0, 60), data.eval);
  return plannedOnT4(llama3OnT4({ data, epochs: 1, evaluateEvery: 50, maxLength: 1024 }));
}

/** Planned as if every row were as long as is allowed; refused where that does not fit. */
function plannedOnT4(recipe: TrainingRecipe): Job {
  const plan = planRecipe(recipe, shapeOfBase(recipe), targetOf("t4"), recipe.maxLength);
  refuseMisfit(plan);
  return trainingJob(recipe, { plan });
}

/** The text of every notebook by its path; equal in every run. */
export function colabNotebooks(): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "build-colab-"));
  try {
    return new Map(Object.entries(LESSON_JOBS).map(([name, jobOf]) => [join(ROOT, "colab", `${name}.ipynb`), notebookText(name, jobOf(folder))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function notebookText(name: string, job: Job): string {
  const files = gather(job), { command, minutes } = job;
  const record: RunRecord = {
    version: 1, id: name, name, created: "2026-01-01T00:00:00Z", updated: "2026-01-01T00:00:00Z", driver: "hand-off", address: { driver: "hand-off" },
    recipeHash: hashRecipe(job, files), command: [...command], packages: job.packages ?? "training", sent: [], state: "preparing", usdPerHour: 0, results: [],
  };
  const { notebook } = handOffNotebook(record, { command, ...(minutes === undefined ? {} : { minutes }) }, files, 1, true);
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

if (import.meta.main) {
  for (const [path, text] of colabNotebooks()) {
    writeFileSync(path, text);
    console.log(`${relative(ROOT, path)}: ${text.length.toLocaleString("en-US")} characters`);
  }
}
