/** A trained model as others load it: the exporter of colab/exports, run with the training Python of this machine. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { workbookPath } from "../course/workbook.js";
import { loadRun, prepareTraining, runsFolder } from "../pair/index.js";
import { ServeError } from "./error.js";

/** What a model can be exported to. `gguf-f32` is for comparisons. */
export const FORMATS = ["merged", "gguf-f32", "gguf-f16", "gguf-q8_0", "gguf-q4_k_m", "modelfile"] as const;
export type ExportFormat = (typeof FORMATS)[number];

const Exported = z.object({
  /** The folder that it was made from. */
  source: z.string(),
  kind: z.enum(["model", "adapter"]),
  /** The tokens that end an answer; the first is the one that the chat template writes. */
  stop: z.array(z.string()),
  /** Tokens that the model was made for. */
  context: z.number(),
  hidden: z.number(),
  /** Of an adapter: how far a token's probability of the merged model is from that of base + adapter, at most. */
  largest_probability_difference: z.number().optional(),
  made: z.partialRecord(z.enum(FORMATS), z.object({
    path: z.string(),
    bytes: z.number(),
    /** Of a GGUF: how many tensors, and how many weights, have which type. */
    tensors: z.record(z.string(), z.number()).optional(),
    weights: z.record(z.string(), z.number()).optional(),
    /** Of a Modelfile: whether its template writes tools, calls and results. */
    tools: z.boolean().optional(),
  })),
});
export type Exported = z.output<typeof Exported>;

export interface ExportOptions {
  to: readonly ExportFormat[];
  /** A folder, which is made. What it holds of the same names is replaced, each file as a whole. */
  out: string;
  /** The base's folder, where an adapter stands alone. Of a run it is found. */
  base?: string;
  /** Of the GGUF files, and in them. Default: `model`. */
  name?: string;
  report?: (line: string) => void;
}

/**
 * The folder of a finished run by its id, or the folder itself.
 *
 * @throws ServeError for a run whose results have not come home; PairError for an id that is no run
 */
export function modelPlace(runOrFolder: string): string {
  if (existsSync(runOrFolder)) return resolve(runOrFolder);
  if (/[\\/.]/.test(runOrFolder)) throw new ServeError(`${runOrFolder} is not there; name a finished run or a model's folder`);
  const { id, state } = loadRun(runOrFolder);
  const folder = join(runsFolder(), id);
  if (state !== "finished") throw new ServeError(`${id} is ${state}, and only a finished run leaves a model; see: llmops runs attach ${id}`);
  if (!["adapter", "merged"].some((name) => existsSync(join(folder, "artifacts", name)))) throw new ServeError(`what ${id} left has not come home, or its recipe exported nothing; bring it home: llmops runs fetch ${id}`);
  return folder;
}

/**
 * Exports a run's model, an adapter with its base, or a model's folder. Everything is opened in fp32 on the CPU.
 *
 * An adapter is merged first, and the merged model held against base + adapter: beyond 1e-5 in a token's probability
 * nothing is written.
 *
 * @throws ServeError with what is not possible and what is; PairError where the training packages cannot be installed
 */
export async function exportModel(runOrFolder: string, { to, out, base, name = "model", report = () => {} }: ExportOptions): Promise<Exported> {
  const place = modelPlace(runOrFolder);
  if (!/^[\w.-]+$/.test(name)) throw new ServeError(`the name ${JSON.stringify(name)} will not do for a file: take letters, digits, dots and hyphens`);
  const python = await prepareTraining(report);
  const args = ["-m", "exports", place, "--to", to.join(","), "--out", resolve(out), "--name", name, ...(base === undefined ? [] : ["--base", resolve(base)])];
  return new Promise((done, fail) => {
    const child = spawn(python, args, { cwd: workbookPath("colab"), env: pythonEnv(), stdio: ["ignore", "pipe", "pipe"] });
    let said = "", complained = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (complained += chunk.toString()));
    child.on("error", fail);
    child.on("close", (status) => {
      if (status !== 0) return fail(new ServeError(lastSentence(complained) ?? `the exporter ended with ${status}`));
      done(Exported.parse(JSON.parse(said.trim().split("\n").at(-1) ?? "")));
    });
  });
}

/** One thread: with several that share cores with other work, PyTorch is many times as slow. */
export const pythonEnv = (): NodeJS.ProcessEnv => ({ OMP_NUM_THREADS: "1", ...process.env, PYTHONPATH: workbookPath("colab"), PYTHONIOENCODING: "utf-8", PYTHONWARNINGS: "ignore", HF_HUB_OFFLINE: "1" });

/** The sentence that a Python program of ours ends with; of a crash, its last line. */
export const lastSentence = (stderr: string): string | undefined => stderr.trim().split("\n").at(-1) || undefined;
