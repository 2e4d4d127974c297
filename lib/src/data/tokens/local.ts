import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { PreTrainedTokenizer } from "@huggingface/transformers";
import { SPOKEN_FIELDS, type Example, type Message, type ToolCall } from "../example.js";
import { FileError, fileError } from "../jsonl/file-error.js";
import { isJsonObject, type JsonObject } from "../jsonl/json.js";
import { TemplateError, type CountOptions, type Tokenizer } from "./tokenizer.js";

/** Files of a tokenizer, as `save_pretrained` writes them; only the first must be there. */
const FILES = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] as const;

interface TokenizerFiles {
  tokenizer: JsonObject;
  config: JsonObject;
  sha256: string;
}

/**
 * Reads the files of a tokenizer's folder.
 *
 * @throws FileError when there is no tokenizer.json, or a file is no JSON object
 */
function readTokenizerFiles(folder: string): TokenizerFiles {
  const path = resolve(folder);
  const [main, configName, templateName] = FILES.map((name) => join(path, name)) as [string, string, string];
  if (!existsSync(main)) {
    const isFile = existsSync(path) && statSync(path).isFile();
    throw new FileError("not-found", main, isFile ? `${path} is a file` : "no such file",
      isFile ? "name the folder that holds it" : "name a folder that holds a tokenizer.json (tokenizer.save_pretrained(folder) in Python writes one)");
  }
  const hash = createHash("sha256");
  const read = (file: string): string => {
    try {
      const text = readFileSync(file, "utf8");
      hash.update(basename(file)).update("\0").update(text).update("\0");
      return text;
    } catch (error) {
      throw fileError(error, file, "read");
    }
  };
  const tokenizer = parseObject(main, read(main));
  const config = existsSync(configName) ? parseObject(configName, read(configName)) : {};
  // Python's transformers lets the file win over the configuration's own template.
  if (existsSync(templateName)) config["chat_template"] = read(templateName);
  return { tokenizer, config, sha256: hash.digest("hex") };
}

function parseObject(path: string, text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FileError("unsupported", path, `is not JSON (${(error as Error).message})`, "save the tokenizer again", { cause: error });
  }
  if (!isJsonObject(value)) throw new FileError("unsupported", path, "is not a JSON object", "save the tokenizer again");
  return value;
}

/**
 * What tells a tokenizer's folder from another: its name, and the SHA-256 of its files.
 *
 * @throws FileError as {@link openLocalTokenizer}
 */
export function identifyLocalTokenizer(folder: string): { name: string; sha256: string } {
  return { name: basename(resolve(folder)), sha256: readTokenizerFiles(folder).sha256 };
}

/**
 * Opens a Hugging Face tokenizer from a folder, with the tokenizer of `@huggingface/transformers`. The files are read
 * here and handed over, so nothing can be downloaded, and the package's settings stay as they were.
 *
 * An example is counted as its chat template renders it, tool definitions and calls included where the template speaks
 * of them; what a template leaves out is not counted. Without a template, the texts of all turns are counted.
 *
 * @throws FileError when there is no tokenizer.json, or the package cannot read it
 */
export async function openLocalTokenizer(folder: string): Promise<Tokenizer> {
  const files = readTokenizerFiles(folder);
  // Loaded when asked for: 0.15 s and 40 MB that an OpenAI encoding does not need.
  const library = await import("@huggingface/transformers");
  const make = (added?: unknown[]): PreTrainedTokenizer => {
    const className = typeof files.config["tokenizer_class"] === "string" ? files.config["tokenizer_class"].replace(/Fast$/, "") : "";
    const own: unknown = (library as unknown as JsonObject)[className];
    const base = library.PreTrainedTokenizer;
    const Class = typeof own === "function" && own.prototype instanceof base ? (own as typeof base) : base;
    return new Class(added ? { ...files.tokenizer, added_tokens: added } : files.tokenizer, files.config);
  };
  let tokenizer: PreTrainedTokenizer;
  try {
    tokenizer = make();
  } catch (error) {
    throw new FileError("unsupported", join(resolve(folder), FILES[0]), `cannot be read as a tokenizer (${(error as Error).message})`,
      "use the tokenizer.json of a fast tokenizer", { cause: error });
  }
  return new LocalTokenizer(basename(resolve(folder)), tokenizer, specialTokens(files.tokenizer), make);
}

interface AddedToken {
  content: string;
  special: boolean;
}

function addedTokens(tokenizer: JsonObject): AddedToken[] {
  const added = tokenizer["added_tokens"];
  return Array.isArray(added) ? (added as AddedToken[]) : [];
}

function specialTokens(tokenizer: JsonObject): { special: string[]; ordinary: AddedToken[] } {
  const added = addedTokens(tokenizer);
  return { special: added.filter(({ special }) => special).map(({ content }) => content), ordinary: added.filter(({ special }) => !special) };
}

class LocalTokenizer implements Tokenizer {
  readonly name: string;
  readonly conversation: "chat-template" | "texts";
  readonly #tokenizer: PreTrainedTokenizer;
  readonly #special: readonly string[];
  readonly #makePlain: () => PreTrainedTokenizer;
  #plain: PreTrainedTokenizer | undefined;

  constructor(
    name: string, tokenizer: PreTrainedTokenizer, { special, ordinary }: { special: string[]; ordinary: AddedToken[] },
    make: (added: unknown[]) => PreTrainedTokenizer,
  ) {
    this.name = name;
    this.conversation = tokenizer.chat_template ? "chat-template" : "texts";
    this.#tokenizer = tokenizer;
    this.#special = special;
    this.#makePlain = () => make(ordinary);
  }

  encode(text: string): number[] {
    // The package has no setting for it: a second tokenizer, which knows no special tokens, reads their spelling as text.
    const special = this.#special.some((token) => text.includes(token));
    return (special ? (this.#plain ??= this.#makePlain()) : this.#tokenizer).encode(text, { add_special_tokens: false });
  }

  count(text: string): number {
    return this.encode(text).length;
  }

  countExample(example: Example, { generationPrompt = false }: CountOptions = {}): number {
    const { messages, preference } = example;
    const count = (answer: readonly Message[]): number => this.#countTurns([...messages, ...answer], example, generationPrompt);
    return preference ? Math.max(count(preference.chosen), count(preference.rejected)) : count([]);
  }

  #countTurns(turns: readonly Message[], { tools }: Example, generationPrompt: boolean): number {
    if (this.conversation === "texts") {
      return turns.reduce((sum, turn) => sum + this.count(turn.content ?? "") +
        SPOKEN_FIELDS.reduce((spoken, field) => spoken + (typeof turn.extra?.[field] === "string" ? this.count(turn.extra[field]) : 0), 0) +
        (turn.tool_calls ?? []).reduce((calls, call) => calls + this.count(call.function.name) + this.count(call.function.arguments), 0), 0);
    }
    let rendered: string;
    try {
      // The types know only role and content; templates read the rest of a message too.
      const conversation = turns.map(templateMessage) as unknown as Parameters<PreTrainedTokenizer["apply_chat_template"]>[0];
      rendered = this.#tokenizer.apply_chat_template<false>(conversation, {
        tokenize: false, add_generation_prompt: generationPrompt, ...(tools?.length ? { tools } : {}),
      });
    } catch (error) {
      throw new TemplateError(`the chat template of ${this.name} refuses the conversation: ${(error as Error).message}`, { cause: error });
    }
    // As a trainer reads the rendered text: here the template's special tokens are special, and so is their spelling in a turn.
    return this.#tokenizer.encode(rendered, { add_special_tokens: false }).length;
  }
}

/** A message as templates expect it: a text, and arguments of calls as an object (they write them with `tojson`). */
function templateMessage({ content, tool_calls: calls, extra, ...message }: Message): JsonObject {
  return { ...extra, ...message, content: content ?? "", ...(calls ? { tool_calls: calls.map(templateCall) } : {}) };
}

function templateCall(call: ToolCall): JsonObject {
  let given: unknown = call.function.arguments;
  try {
    const parsed: unknown = JSON.parse(call.function.arguments);
    if (isJsonObject(parsed)) given = parsed;
  } catch {
    // Arguments that are no JSON are rendered as the text they are.
  }
  return { ...call, function: { ...call.function, arguments: given } };
}
