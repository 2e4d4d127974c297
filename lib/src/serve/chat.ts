/** One way to talk to a model's folder, whatever it is of: ONNX in Node, safetensors by transformers in the training Python, GGUF by llama.cpp. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import { z } from "zod";
import { workbookPath } from "../course/workbook.js";
import { prepareTraining } from "../pair/index.js";
import { ServeError, tooLong } from "./error.js";
import { lastSentence, pythonEnv } from "./export.js";
import { openLlama } from "./llama.js";

/** A turn, as chat templates take it; arguments of calls are objects, or the text as the model wrote it where that is none. */
export interface ChatTurn {
  role: "system" | "user" | "assistant" | "tool";
  content: string | null;
  tool_calls?: readonly { type: "function"; function: { name: string; arguments: Readonly<Record<string, unknown>> | string } }[];
}

export interface ReplyOptions {
  /** Tools in OpenAI's format, for the template. */
  tools?: readonly unknown[];
  /** Tokens of the answer, at most. Default: 200. */
  limit?: number;
  /** Told each piece of the answer as it comes. */
  onText?: (text: string) => void;
  /** In GBNF: the answer is one that it lets through, or the beginning of one where the limit cuts it. See {@link Chat.constrains}. */
  grammar?: string;
  /** Ends the answer where it stands; by transformers it goes on to its end, unheard. */
  signal?: AbortSignal;
}

export interface Reply {
  /** What the model read. */
  prompt: string;
  /** Its answer, without the token that ended it; other special tokens are written out. */
  text: string;
  tokens: readonly number[];
  /** Tokens of the prompt. */
  asked: number;
  /** Whether the model ended its turn itself, or was cut at the limit. */
  stopped: boolean;
}

export interface Chat {
  by: "transformers.js" | "transformers" | "llama.cpp";
  /** The chat template in use; undefined where the folder has none. */
  template: string | undefined;
  /** What ends an answer. */
  stops: readonly string[];
  /** Whether `grammar` is obeyed; a reply that is asked for one elsewhere fails. */
  constrains: boolean;
  /** Greedy. A text instead of turns goes to the model as it stands, past the template. @throws ServeError */
  reply(turns: readonly ChatTurn[] | string, options?: ReplyOptions): Promise<Reply>;
  close(): Promise<void>;
}

export interface ChatOptions {
  /** The base's folder, for an adapter. */
  base?: string;
  report?: (line: string) => void;
}

/**
 * Opens a model to talk to: a folder with `onnx/` in this process, any other folder (merged, adapter or run) by
 * transformers in `.venv-train`, a `.gguf` by llama.cpp. Nothing is fetched but, once, the packages that run it.
 *
 * @throws ServeError for what is no model; PairError where the training packages cannot be installed
 */
export async function openChat(path: string, options: ChatOptions = {}): Promise<Chat> {
  return oneByOne(await openAny(path, options));
}

/** Replies in the order in which they were asked for: a model has one memory of what it reads, and a process one line to speak on. */
function oneByOne(chat: Chat): Chat {
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...chat,
    reply(turns, options) {
      const mine = last.then(() => chat.reply(turns, options));
      last = mine.catch(() => {});
      return mine;
    },
  };
}

async function openAny(path: string, options: ChatOptions): Promise<Chat> {
  if (!existsSync(path)) throw new ServeError(`${path} is not there; name a model's folder or a .gguf`);
  if (path.endsWith(".gguf")) return overLlama(path, options);
  if (!statSync(path).isDirectory()) throw new ServeError(`${path} is neither a folder nor a .gguf`);
  return existsSync(join(path, "onnx", "model.onnx")) ? overOnnx(resolve(path)) : overPython(resolve(path), options);
}

const NO_TEMPLATE = "it has no chat template, so nothing says how turns are written; put the one that it was trained with into tokenizer_config.json, or send text";
const NO_GRAMMAR = "a grammar is obeyed by llama.cpp alone: export the model to GGUF (llmops export … --to gguf-f16) and open that file";

async function overLlama(path: string, { report }: ChatOptions): Promise<Chat> {
  const llama = await openLlama(path, report ? { report } : {});
  const { Template } = await import("@huggingface/jinja");
  const template = llama.template === undefined ? undefined : new Template(llama.template);
  const stop = llama.stop ?? -1;
  const render = (turns: readonly ChatTurn[], tools: readonly unknown[] | undefined): string => {
    if (!template) throw new ServeError(`${path}: ${NO_TEMPLATE}`);
    return template.render({ messages: turns, tools: tools ?? null, add_generation_prompt: true, bos_token: llama.begin, eos_token: stop < 0 ? "" : llama.detokenize([stop]) });
  };
  return {
    by: "llama.cpp", template: llama.template, stops: stop < 0 ? [] : [llama.detokenize([stop])], constrains: true,
    async reply(turns, { tools, limit = 200, onText, grammar, signal } = {}) {
      const prompt = typeof turns === "string" ? turns : render(turns, tools);
      const asked = llama.tokenize(prompt);
      const room = llama.context - asked.length;
      if (room < 1) throw tooLong(asked.length, llama.context);
      let shown = "";
      const { tokens, stopped } = await llama.greedy(asked, {
        limit: Math.min(limit, room), grammar, signal,
        onToken: (made) => {
          const text = llama.detokenize(made);
          if (text.endsWith("\uFFFD") || text.length <= shown.length) return;
          onText?.(text.slice(shown.length));
          shown = text;
        },
      });
      return answered(prompt, asked.length, tokens, stopped, (kept) => llama.detokenize(kept));
    },
    close: () => llama.close(),
  };
}

function answered(prompt: string, asked: number, tokens: readonly number[], stopped: boolean, decode: (tokens: readonly number[]) => string): Reply {
  return { prompt, asked, tokens, stopped, text: decode(stopped ? tokens.slice(0, -1) : tokens) };
}

const Shape = z.looseObject({ max_position_embeddings: z.number().optional() });
const Settings = z.looseObject({ eos_token_id: z.union([z.number(), z.array(z.number())]).nullish() });

async function overOnnx(folder: string): Promise<Chat> {
  const { AutoModelForCausalLM, AutoTokenizer, env, InterruptableStoppingCriteria, Tensor, TextStreamer } = await import("@huggingface/transformers");
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const name = folder.split(/[\\/]/).at(-1) ?? "";
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const model = await AutoModelForCausalLM.from_pretrained(name, { dtype: "fp32", device: "cpu", session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 } });
  const { eos_token_id: eos } = Settings.parse(JSON.parse(readFileSync(join(folder, "generation_config.json"), "utf8")));
  const stops = [eos ?? []].flat();
  const { max_position_embeddings: context = Infinity } = Shape.parse(JSON.parse(readFileSync(join(folder, "config.json"), "utf8")));
  const template = (tokenizer as unknown as { chat_template?: string | null }).chat_template ?? undefined;
  const decode = (tokens: readonly number[]): string => tokenizer.decode([...tokens], { skip_special_tokens: false });
  return {
    by: "transformers.js", template, stops: stops.map((stop) => decode([stop])), constrains: false,
    async reply(turns, { tools, limit = 200, onText, grammar, signal } = {}) {
      if (grammar !== undefined) throw new ServeError(`${folder}: ${NO_GRAMMAR}`);
      if (typeof turns !== "string" && template === undefined) throw new ServeError(`${folder}: ${NO_TEMPLATE}`);
      const prompt = typeof turns === "string" ? turns : tokenizer.apply_chat_template<false>(turns as never, { tokenize: false, add_generation_prompt: true, ...(tools ? { tools: tools as never } : {}) });
      const asked = tokenizer.encode(prompt, { add_special_tokens: false });
      if (asked.length >= context) throw tooLong(asked.length, context);
      const shape = [1, asked.length];
      const ender = new InterruptableStoppingCriteria();
      const end = (): void => ender.interrupt();
      if (signal?.aborted) end();
      signal?.addEventListener("abort", end, { once: true });
      const streamer = onText ? new TextStreamer(tokenizer, { skip_prompt: true, skip_special_tokens: true, callback_function: onText }) : undefined;
      const made = (await model.generate({
        inputs: new Tensor("int64", BigInt64Array.from(asked, BigInt), shape), attention_mask: new Tensor("int64", new BigInt64Array(asked.length).fill(1n), shape),
        max_new_tokens: Math.min(limit, context - asked.length), do_sample: false, stopping_criteria: ender, ...(streamer ? { streamer } : {}),
      })) as InstanceType<typeof Tensor>;
      signal?.removeEventListener("abort", end);
      const tokens = [...(made.data as BigInt64Array)].slice(asked.length).map(Number);
      return answered(prompt, asked.length, tokens, stops.includes(tokens.at(-1) ?? -1), decode);
    },
    close: async () => void (await model.dispose()),
  };
}

const Line = z.union([
  z.object({ ready: z.object({ template: z.string().nullable(), stops: z.array(z.string()), context: z.number() }) }),
  z.object({ text: z.string() }),
  z.object({ done: z.object({ prompt: z.string(), text: z.string(), asked: z.number(), tokens: z.array(z.number()), stopped: z.boolean() }) }),
  z.object({ error: z.string(), too_long: z.tuple([z.number(), z.number()]).optional() }),
]);

async function overPython(folder: string, { base, report = () => {} }: ChatOptions): Promise<Chat> {
  const python = await prepareTraining(report);
  const child = spawn(python, ["-m", "exports.chat", folder, ...(base === undefined ? [] : [resolve(base)])], { cwd: workbookPath("colab"), env: pythonEnv(), stdio: ["pipe", "pipe", "pipe"] });
  let complained = "";
  child.stderr.on("data", (chunk: Buffer) => (complained += chunk.toString()));
  const ended = new Promise<void>((wake) => child.on("close", () => wake()));
  child.stdin.on("error", () => {}); // it ended: the next read says why
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<z.output<typeof Line>> => {
    const { value, done } = await lines.next();
    if (done) {
      await ended;
      throw new ServeError(lastSentence(complained) ?? `the model's process ended (${child.exitCode ?? child.signalCode})`);
    }
    return Line.parse(JSON.parse(value));
  };
  // It ends with the pipe on its stdin: between replies it keeps nobody waiting.
  const hold = (held: boolean): void => {
    for (const each of [child, child.stdin as Socket, child.stdout as Socket, child.stderr as Socket]) each[held ? "ref" : "unref"]();
  };
  const first = await next();
  hold(false);
  if (!("ready" in first)) throw new ServeError("the model's process did not say that it is ready");
  const { template, stops } = first.ready;
  return {
    by: "transformers", template: template ?? undefined, stops, constrains: false,
    async reply(turns, { tools, limit = 200, onText, grammar, signal } = {}) {
      if (grammar !== undefined) throw new ServeError(`${folder}: ${NO_GRAMMAR}`);
      if (typeof turns !== "string" && template === null) throw new ServeError(`${folder}: ${NO_TEMPLATE}`);
      // Who listens may fail: the lines of this reply are read to the end all the same, or the next one would begin with them.
      let deaf: Error | undefined;
      const tell = (text: string): void => {
        try {
          if (deaf === undefined && !signal?.aborted) onText?.(text);
        } catch (error) {
          deaf = error instanceof Error ? error : new Error(String(error));
        }
      };
      hold(true);
      child.stdin.write(`${JSON.stringify({ ...(typeof turns === "string" ? { raw: turns } : { messages: turns }), ...(tools ? { tools } : {}), limit })}\n`);
      try {
        for (;;) {
          const line = await next();
          if ("text" in line) tell(line.text);
          if ("error" in line) throw line.too_long ? tooLong(...line.too_long) : new ServeError(line.error);
          if ("done" in line) {
            if (deaf) throw deaf;
            return line.done;
          }
        }
      } finally {
        hold(false);
      }
    },
    async close() {
      hold(true);
      child.stdin.end();
      await ended;
    },
  };
}
