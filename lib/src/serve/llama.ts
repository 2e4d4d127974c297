/** llama.cpp in this process, as node-llama-cpp brings it: installed into `.workbook/llama` on first use (85 MB). */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findWorkbookHome } from "../course/workbook.js";
import { ServeError } from "./error.js";

/** Pinned: what is proven is proven for this. */
export const LLAMA = "3.22.1";

/** llama.cpp's own grammar, and how far an answer has come in it. */
interface Grammar {
  readonly _testText: (text: string) => boolean;
}
type GrammarState = object;
interface Sequence {
  evaluate(tokens: number[], options: { temperature: number; yieldEogToken: boolean; grammarEvaluationState?: GrammarState }): AsyncIterable<number>;
  clearHistory(): Promise<void>;
}
interface Model {
  createContext(options: { contextSize: number; sequences: number; threads: number; flashAttention?: boolean; experimentalKvCacheKeyType?: string; experimentalKvCacheValueType?: string }): Promise<{ getSequence(): Sequence; dispose(): Promise<void> }>;
  tokenize(text: string, special: boolean): number[];
  detokenize(tokens: readonly number[], special: boolean): string;
  isEogToken(token: number): boolean;
  trainContextSize: number;
  fileInfo: { metadata: { general?: { name?: string }; tokenizer?: { chat_template?: string; ggml?: { eos_token_id?: number; bos_token_id?: number; tokens?: readonly string[] } } } };
  dispose(): Promise<void>;
}
interface Library {
  getLlama: (options: { gpu: false; build: "never"; logLevel: string; maxThreads: number }) => Promise<{ loadModel(options: { modelPath: string }): Promise<Model>; createGrammar(options: { grammar: string }): Promise<Grammar>; dispose(): Promise<void> }>;
  LlamaGrammarEvaluationState: new (options: { model: Model; grammar: Grammar }) => GrammarState;
}

/** The package with llama.cpp's library for this machine; there is no compiling here. */
export const llamaPackage = (): string => `@node-llama-cpp/${process.platform === "win32" ? "win" : process.platform === "darwin" ? "mac" : "linux"}-${process.arch}${process.platform === "darwin" && process.arch === "arm64" ? "-metal" : ""}`;

/** Where node-llama-cpp lies once it is installed. */
export const llamaFolder = (): string => join(findWorkbookHome(), "llama");

/**
 * Installs node-llama-cpp where it is not there yet.
 *
 * @param report - told before anything is fetched
 * @throws ServeError with npm's last line
 */
export function prepareLlama(report: (line: string) => void = () => {}): string {
  const folder = llamaFolder();
  if (existsSync(join(folder, "node_modules", "node-llama-cpp"))) return folder;
  report(`Installing node-llama-cpp ${LLAMA} into .workbook/llama, this first time only: 85 MB.`);
  const { status, stderr, error } = spawnSync("npm", ["install", "--prefix", folder, "--no-save", "--silent", "--omit=optional", "--ignore-scripts", `node-llama-cpp@${LLAMA}`, `${llamaPackage()}@${LLAMA}`], { encoding: "utf8", shell: process.platform === "win32" });
  if (status !== 0) throw new ServeError(`node-llama-cpp cannot be installed: ${error?.message ?? stderr.trim().split("\n").pop()}. It needs the network once; a folder in ONNX or safetensors needs no llama.cpp`);
  return folder;
}

export interface GreedyOptions {
  /** Tokens, at most. */
  limit: number;
  /** In GBNF. */
  grammar?: string | undefined;
  /** Ends it with the tokens so far. */
  signal?: AbortSignal | undefined;
  onToken?: (made: readonly number[]) => void;
}

/** A GGUF that llama.cpp has loaded. */
export interface Llama {
  /** As they stand in the file's metadata. */
  readonly template: string | undefined;
  readonly stop: number | undefined;
  /** The token that texts begin with, written out; empty where the file names none. */
  readonly begin: string;
  readonly context: number;
  /** The model's own tokens of a text in which special tokens are written out. */
  tokenize(text: string): number[];
  /** The text of tokens, special ones written out. */
  detokenize(tokens: readonly number[]): string;
  /** Greedy tokens, the one that ended the answer among them. @throws ServeError for a grammar that llama.cpp cannot read */
  greedy(tokens: readonly number[], options: GreedyOptions): Promise<{ tokens: number[]; stopped: boolean }>;
  /** Whether llama.cpp's own grammar lets a whole text through. @throws ServeError for a grammar that llama.cpp cannot read */
  letsThrough(grammar: string, text: string): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens a GGUF on one thread of the CPU.
 *
 * @param context - tokens of prompt and answer together, at most; default: what the model was trained for, up to 4,096
 * @param cache - of keys and values; llama.cpp's own default is fp16, which decides between tokens that lie very close
 * @throws ServeError where node-llama-cpp cannot be installed, or the file is not one that llama.cpp reads
 */
export async function openLlama(path: string, { context, cache = "fp16", report }: { context?: number; cache?: "fp16" | "fp32"; report?: (line: string) => void } = {}): Promise<Llama> {
  const folder = prepareLlama(report);
  const { getLlama, LlamaGrammarEvaluationState } = (await import(pathToFileURL(createRequire(join(folder, "package.json")).resolve("node-llama-cpp")).href)) as Library;
  if (!existsSync(path)) throw new ServeError(`${path} is not there`);
  const llama = await getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: 1 });
  let model: Model;
  try {
    model = await llama.loadModel({ modelPath: path });
  } catch (error) {
    await llama.dispose();
    throw new ServeError(`${path} cannot be read by llama.cpp: ${(error as Error).message}`, { cause: error });
  }
  const size = Math.min(context ?? 4096, model.trainContextSize);
  const exact = cache === "fp32" ? { flashAttention: false, experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32" } : {};
  const held = await model.createContext({ contextSize: size, sequences: 1, threads: 1, ...exact });
  const sequence = held.getSequence();
  const { tokenizer } = model.fileInfo.metadata;
  let last: { text: string; grammar: Grammar } | undefined;
  const compiled = async (text: string): Promise<Grammar> => {
    if (last?.text === text) return last.grammar;
    try {
      last = { text, grammar: await llama.createGrammar({ grammar: text }) };
    } catch (error) {
      throw new ServeError(`llama.cpp cannot read this grammar (${(error as Error).message}):\n${text}`, { cause: error });
    }
    return last.grammar;
  };
  return {
    template: tokenizer?.chat_template, stop: tokenizer?.ggml?.eos_token_id, context: size,
    begin: tokenizer?.ggml?.bos_token_id === undefined ? "" : model.detokenize([tokenizer.ggml.bos_token_id], true),
    tokenize: (text) => model.tokenize(text, true),
    detokenize: (tokens) => model.detokenize(tokens, true),
    async greedy(tokens, { limit, grammar, signal, onToken }) {
      const state = grammar === undefined ? undefined : new LlamaGrammarEvaluationState({ model, grammar: await compiled(grammar) });
      await sequence.clearHistory();
      const made: number[] = [];
      if (signal?.aborted) return { tokens: made, stopped: false };
      for await (const token of sequence.evaluate([...tokens], { temperature: 0, yieldEogToken: true, ...(state ? { grammarEvaluationState: state } : {}) })) {
        made.push(token);
        if (model.isEogToken(token)) return { tokens: made, stopped: true };
        onToken?.(made);
        if (made.length >= limit || signal?.aborted) break;
      }
      return { tokens: made, stopped: false };
    },
    letsThrough: async (grammar, text) => (await compiled(grammar))._testText(text),
    async close() {
      await held.dispose();
      await model.dispose();
      await llama.dispose();
    },
  };
}
