import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FileError } from "../jsonl/file-error.js";
import type { PiiModel } from "./example.js";
import type { PiiKind, PiiMatch } from "./kinds.js";
import { locateEntities, type NerToken } from "./ner-tokens.js";

/** A token-classification pipeline, as `@huggingface/transformers` makes it. */
export type NerPipeline = (text: string, options: { ignore_labels: string[] }) => Promise<NerToken[]>;

export interface NerOptions {
  /** A token-classification model with ONNX files, by its name on the Hugging Face Hub: `Xenova/bert-base-NER`. */
  model: string;
  /** The model's own folder on this machine: `config.json`, `tokenizer.json` and `onnx/`. Then nothing is downloaded. */
  folder?: string;
  /** Whether the model may be downloaded. Default false: `openNer` then says what it would fetch, and fetches nothing. */
  allowDownload?: boolean;
  /** Which of the model's weights: `q8` (8 bits) is the default, `fp32` the largest. */
  dtype?: "q8" | "fp16" | "fp32" | "q4";
  /** What a model's tags stand for. Default: PER and PERSON are `person`; places and organisations are left alone. */
  tags?: Readonly<Record<string, PiiKind>>;
  /** The lowest mean probability of an entity's tokens. Default 0.8. */
  threshold?: number;
  /** Takes the sentence that says what is downloaded, before it is. Default: standard error. */
  say?: (line: string) => void;
  /** A pipeline that is there already; nothing is loaded then. */
  pipeline?: NerPipeline;
}

/** Why a model was not opened; the message says what to do. */
export class NerError extends Error {
  override name = "NerError";
}

/**
 * Characters given to the model at once. Models of BERT's size read 512 tokens and the library cuts the rest off in
 * silence; a WordPiece token has at least one character.
 */
const CHUNK = 480;

const DEFAULT_TAGS: Readonly<Record<string, PiiKind>> = { PER: "person", PERSON: "person" };
const PACKAGE = "@huggingface/transformers";

/** The part of the package that is used here. */
interface Transformers {
  pipeline: (task: "token-classification", model: string, options: { dtype: string; local_files_only: boolean }) => Promise<NerPipeline>;
  env: { localModelPath: string; allowLocalModels: boolean; allowRemoteModels: boolean };
}

/** What would come over the network, in one sentence. */
function downloadPlan(model: string, dtype: string): string {
  const suffix = { q8: "_quantized", fp16: "_fp16", fp32: "", q4: "_q4" }[dtype] ?? "";
  return `${model} would be downloaded from https://huggingface.co/${model}: config.json, tokenizer.json, tokenizer_config.json and onnx/model${suffix}.onnx. ` +
    `Its size stands at https://huggingface.co/${model}/tree/main/onnx; a model of BERT-base's 108 million parameters takes about 110 MB in 8 bits and 430 MB in 32.`;
}

function checkFolder(folder: string): void {
  for (const file of ["config.json", "tokenizer.json"]) {
    if (!existsSync(join(folder, file))) throw new FileError("not-found", join(folder, file), "is missing from the model's folder", "copy the model with its config.json, tokenizer.json and onnx/ there");
  }
  const weights = join(folder, "onnx");
  if (!existsSync(weights) || !readdirSync(weights).some((name) => name.endsWith(".onnx"))) {
    throw new FileError("not-found", weights, "holds no .onnx file", "choose a model with ONNX weights, or convert it with optimum-cli export onnx");
  }
}

async function loadTransformers(): Promise<Transformers> {
  // A name in a variable: the package is loaded when it is asked for, and need not be there to compile.
  const name: string = PACKAGE;
  try {
    return (await import(name)) as Transformers;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new NerError(`${PACKAGE} is not installed, and a model needs it: npm install ${PACKAGE} --workspace llmops`, { cause: error });
  }
}

async function loadPipeline({ model, folder, dtype = "q8", allowDownload = false, say = (line) => process.stderr.write(`${line}\n`) }: NerOptions): Promise<NerPipeline> {
  if (folder === undefined && !allowDownload) {
    throw new NerError(`${downloadPlan(model, dtype)} Nothing was downloaded: allow it with allowDownload: true, or name a folder that holds the model.`);
  }
  if (folder !== undefined) checkFolder(folder);
  const { pipeline, env } = await loadTransformers();
  if (folder === undefined) {
    say(downloadPlan(model, dtype).replace("would be", "is being"));
    return pipeline("token-classification", model, { dtype, local_files_only: false });
  }
  // The package knows folders of models by one setting for the whole process: set for this model, then set back.
  const before = { ...env };
  try {
    env.localModelPath = dirname(resolve(folder));
    env.allowLocalModels = true;
    env.allowRemoteModels = false;
    return await pipeline("token-classification", basename(resolve(folder)), { dtype, local_files_only: true });
  } finally {
    Object.assign(env, { localModelPath: before.localModelPath, allowLocalModels: before.allowLocalModels, allowRemoteModels: before.allowRemoteModels });
  }
}

/**
 * Opens a named-entity model that finds names where rules cannot. Nothing here calls it by itself: give it to
 * `buildDataset` as `piiModel`, with `person` among the `piiKinds`.
 *
 * A model's finds are guesses, in the languages and kinds of text it was trained on; measure them on labelled text of your
 * own before you rely on them.
 *
 * @returns the model; `find` takes a text of any length
 * @throws NerError when the model would have to be downloaded and that was not allowed (the message says what, and from
 *   where), or when `@huggingface/transformers` is not installed; FileError when the folder lacks a file
 */
export async function openNer(options: NerOptions): Promise<PiiModel> {
  const { model, tags = DEFAULT_TAGS, threshold = 0.8 } = options;
  const classify = options.pipeline ?? (await loadPipeline(options));
  return {
    name: `${model}@${threshold}`,
    async find(text: string): Promise<PiiMatch[]> {
      const matches: PiiMatch[] = [];
      for (let from = 0; from < text.length; ) {
        const to = chunkEnd(text, from);
        const piece = text.slice(from, to);
        const tokens = /\p{L}/u.test(piece) ? await classify(piece, { ignore_labels: [] }) : [];
        for (const { tag, start, end, score } of locateEntities(piece, tokens)) {
          const kind = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
          if (kind !== undefined && score >= threshold) matches.push({ kind, start: from + start, end: from + end, text: piece.slice(start, end) });
        }
        from = to;
      }
      return matches;
    },
  };
}

/** The end of a chunk: after a sentence, else at a space, else not between the halves of a surrogate pair. */
function chunkEnd(text: string, from: number): number {
  const end = from + CHUNK;
  if (end >= text.length) return text.length;
  const piece = text.slice(from, end);
  const sentence = Math.max(piece.lastIndexOf(". "), piece.lastIndexOf("? "), piece.lastIndexOf("! "), piece.lastIndexOf("\n"));
  if (sentence >= CHUNK / 4) return from + sentence + 1;
  const space = piece.lastIndexOf(" ");
  if (space >= CHUNK / 4) return from + space + 1;
  const half = text.charCodeAt(end - 1);
  return half >= 0xd800 && half < 0xdc00 ? end - 1 : end;
}
