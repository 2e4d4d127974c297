import OpenAI from "openai";
import { explainFailure, TeacherError } from "./failures.js";
import { DEFAULT_MODEL, findPrice, type ModelPrice, type Price } from "./prices.js";
import { startSimulator, type Simulator, type SimulatorOptions } from "./simulator/server.js";

/** Which side of the teacher's door is open, in words a lesson prints. */
export interface Door {
  kind: "simulator" | "openai" | "compatible";
  /** Base address, ending in `/v1`. The simulator's port differs on every start. */
  url: string;
  model: string;
  /** One sentence: who answers, and at what price. Equal in every run with the same settings. */
  says: string;
}

/** What chooses the door. */
export interface DoorOptions {
  /**
   * `auto` (default): the real API when OPENAI_API_KEY or OPENAI_BASE_URL is set, else the simulator. The other two
   * insist on one side.
   */
  door?: "auto" | "simulator" | "real";
  /** Default: OPENAI_API_KEY. */
  apiKey?: string;
  /** Default: OPENAI_BASE_URL; for Ollama `http://localhost:11434/v1`, which needs no key. */
  baseUrl?: string;
  /** Default: LLMOPS_TEACHER_MODEL, else gpt-6-luna, else the only model that a compatible server lists. */
  model?: string;
  /**
   * Dollars per million tokens, for a model that the price table lacks or prices wrongly. Holds for every model.
   * Default: LLMOPS_TEACHER_PRICE, written `input/output`, for example 0.10/0.50.
   */
  price?: Price;
  /** The simulator's seed, rates and speed. */
  simulator?: SimulatorOptions;
  /** Where settings are read from; default process.env. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** The open door with what the client needs to use it. */
export interface OpenDoor {
  door: Door;
  apiKey: string;
  simulator: Simulator | undefined;
  /** The price of a model behind this door. Throws TeacherError `price` when nobody knows it. */
  priceOf(model: string): Price & Partial<Pick<ModelPrice, "longContext">>;
}

const OPENAI_URL = "https://api.openai.com/v1";
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]", "::1", "0.0.0.0", "host.docker.internal"]);

/** Opens the door that options and environment choose. Throws TeacherError with the remedy when it cannot be opened. */
export async function openDoor(options: DoorOptions): Promise<OpenDoor> {
  const env = options.env ?? process.env;
  const apiKey = options.apiKey ?? env["OPENAI_API_KEY"] ?? "";
  const baseUrl = options.baseUrl ?? env["OPENAI_BASE_URL"] ?? "";
  const wanted = options.door ?? "auto";
  const named = options.model ?? (env["LLMOPS_TEACHER_MODEL"] || undefined);
  const price = options.price ?? readPrice(env["LLMOPS_TEACHER_PRICE"]);
  if (wanted === "simulator" || (wanted === "auto" && apiKey === "" && baseUrl === "")) {
    // A model set for another server, such as a local one, has no price that the simulator could stand for.
    const known = options.model ?? (named !== undefined && (price ?? findPrice(named)) !== undefined ? named : DEFAULT_MODEL);
    return openSimulator(options, known, price);
  }
  if (apiKey === "" && baseUrl === "") {
    throw new TeacherError("setup", "The real teacher needs OPENAI_API_KEY, or OPENAI_BASE_URL for a server that needs " +
      "no key (Ollama: http://localhost:11434/v1).");
  }
  return openReal(apiKey, baseUrl === "" ? OPENAI_URL : baseUrl, named, price);
}

function readPrice(text: string | undefined): Price | undefined {
  if (!text) return undefined;
  const match = /^\s*(\d+(?:\.\d+)?)\s*\/\s*(\d+(?:\.\d+)?)\s*$/.exec(text);
  if (match === null) {
    throw new TeacherError("setup", `LLMOPS_TEACHER_PRICE is "${text}"; it takes dollars per million tokens, input/output, like 0.10/0.50.`);
  }
  return { input: Number(match[1]), cachedInput: Number(match[1]), output: Number(match[2]) };
}

async function openSimulator(options: DoorOptions, model: string, given: Price | undefined): Promise<OpenDoor> {
  const priceOf = priceFinder(given, false, "the simulator");
  const price = priceOf(model);
  const simulator = await startSimulator({ ...options.simulator, model });
  const says =
    `simulator (seed ${simulator.seed}): a seeded program in this process, not a language model. It stands for ${model} ` +
    `and is metered at ${priceText(price)}, but nothing is paid. Set OPENAI_API_KEY to use the real API.`;
  return { door: { kind: "simulator", url: simulator.url, model, says }, apiKey: "simulator", simulator, priceOf };
}

async function openReal(apiKey: string, url: string, named: string | undefined, given: Price | undefined): Promise<OpenDoor> {
  let host: string;
  try {
    host = new URL(url).hostname;
  } catch {
    throw new TeacherError("setup", `OPENAI_BASE_URL is not an address: "${url}". It looks like http://localhost:11434/v1.`);
  }
  const isOpenai = host === "openai.com" || host.endsWith(".openai.com");
  if (isOpenai && apiKey === "") {
    throw new TeacherError("setup", `${host} needs a key: set OPENAI_API_KEY, or unset OPENAI_BASE_URL to use the simulator.`);
  }
  // The openai package insists on a key; a server without keys ignores it.
  const key = apiKey === "" ? "none" : apiKey;
  const model = named ?? (isOpenai ? DEFAULT_MODEL : await onlyModel(url, key));
  const isLocal = LOOPBACK.has(host);
  const priceOf = priceFinder(given, isLocal, host);
  const kind = isOpenai ? "openai" : "compatible";
  const cost = isLocal && given === undefined && findPrice(model) === undefined ? "no charge" : priceText(priceOf(model));
  const says = `${kind === "openai" ? "OpenAI" : "OpenAI-compatible server"} at ${url}, model ${model}, ${cost}.`;
  return { door: { kind, url, model, says }, apiKey: key, simulator: undefined, priceOf };
}

async function onlyModel(url: string, apiKey: string): Promise<string> {
  const client = new OpenAI({ apiKey, baseURL: url, maxRetries: 1, timeout: 10_000, logLevel: "off" });
  let names: string[];
  try {
    names = (await client.models.list()).data.map((model) => model.id);
  } catch (error) {
    throw explainFailure(error, { url, model: "(list of models)" });
  }
  const [first, second] = names;
  if (first !== undefined && (second === undefined || names.includes(DEFAULT_MODEL))) {
    return second === undefined ? first : DEFAULT_MODEL;
  }
  throw new TeacherError(
    "setup",
    first === undefined
      ? `${url} lists no model. With Ollama: \`ollama pull llama3.2\`.`
      : `${url} serves several models: ${names.slice(0, 12).join(", ")}. Choose one with model or LLMOPS_TEACHER_MODEL.`,
  );
}

function priceFinder(given: Price | undefined, isLocal: boolean, host: string): OpenDoor["priceOf"] {
  return (model) => {
    if (given !== undefined) return given;
    const known = findPrice(model);
    // A model of the table on localhost is most likely a proxy before the paid API, so it keeps its price.
    if (known !== undefined) return known;
    if (isLocal) return { input: 0, cachedInput: 0, output: 0 };
    throw new TeacherError("price", `The price of ${model} at ${host} is unknown, so the meter and the budget could not ` +
      "work. Pass price: { input, cachedInput, output } in dollars per million tokens (0 for a free server), or set " +
      "LLMOPS_TEACHER_PRICE, for example 0.10/0.50.");
  };
}

function priceText(price: Price): string {
  return `$${price.input.toFixed(2)} in / $${price.output.toFixed(2)} out per million tokens`;
}
