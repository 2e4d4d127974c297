/** Greedy tokens of a GGUF, from llama.cpp as node-llama-cpp brings it: installed for this check only, on its first run (85 MB). */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { STATE } from "./paths.ts";

/** Pinned: what is proven is proven for this. */
export const LLAMA = "3.22.1";
const FOLDER = join(STATE, "llama");

interface Sequence {
  evaluate(tokens: number[], options: { temperature: number; yieldEogToken: boolean }): AsyncIterable<number>;
  clearHistory(): Promise<void>;
}
interface Model {
  createContext(options: { contextSize: number; sequences: number; threads: number }): Promise<{ getSequence(): Sequence; dispose(): Promise<void> }>;
  tokenize(text: string, special: boolean): number[];
  dispose(): Promise<void>;
}
interface Library {
  getLlama: (options: { gpu: false; build: "never"; logLevel: string; maxThreads: number }) => Promise<{ loadModel(options: { modelPath: string }): Promise<Model>; dispose(): Promise<void> }>;
}

/** Whether llama.cpp can be had here, without a compiler. */
export const llamaPackage = (): string => `@node-llama-cpp/${process.platform === "win32" ? "win" : process.platform === "darwin" ? "mac" : "linux"}-${process.arch}${process.platform === "darwin" && process.arch === "arm64" ? "-metal" : ""}`;

async function loadLibrary(): Promise<Library> {
  const entry = (): string => createRequire(join(FOLDER, "package.json")).resolve("node-llama-cpp");
  if (!existsSync(join(FOLDER, "node_modules", "node-llama-cpp"))) {
    console.error(`Installing node-llama-cpp ${LLAMA} (the first time only) …`);
    const { status, stderr } = spawnSync("npm", ["install", "--prefix", FOLDER, "--no-save", "--silent", "--omit=optional", "--ignore-scripts", `node-llama-cpp@${LLAMA}`, `${llamaPackage()}@${LLAMA}`], { encoding: "utf8", shell: process.platform === "win32" });
    if (status !== 0) throw new Error(`node-llama-cpp cannot be installed: ${stderr.trim().split("\n").pop()}`);
  }
  return (await import(pathToFileURL(entry()).href)) as Library;
}

export interface Llama {
  /** The model's own tokens of a text in which special tokens are written out. */
  tokenize(text: string): number[];
  greedy(tokens: readonly number[], limit: number, stop: number): Promise<number[]>;
  close(): Promise<void>;
}

/** @throws Error where node-llama-cpp cannot be installed or the file not be read */
export async function openLlama(path: string): Promise<Llama> {
  const { getLlama } = await loadLibrary();
  const llama = await getLlama({ gpu: false, build: "never", logLevel: "error", maxThreads: 1 });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ contextSize: 512, sequences: 1, threads: 1 });
  const sequence = context.getSequence();
  return {
    tokenize: (text) => model.tokenize(text, true),
    async greedy(tokens, limit, stop) {
      await sequence.clearHistory();
      const made: number[] = [];
      for await (const token of sequence.evaluate([...tokens], { temperature: 0, yieldEogToken: true })) {
        made.push(token);
        if (token === stop || made.length >= limit) break;
      }
      return made;
    },
    async close() {
      await context.dispose();
      await model.dispose();
      await llama.dispose();
    },
  };
}
