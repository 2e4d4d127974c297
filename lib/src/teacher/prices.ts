/**
 * What a teacher model costs, and which request parameters it takes. Prices are US dollars per million tokens,
 * standard (not batch) processing. Each row names the page it was read from and the day: prices change, and a
 * budget that rests on a stale row is wrong, so pass `price` to `openTeacher` when yours differ.
 */

/** US dollars per million tokens. */
export interface Price {
  input: number;
  /** Input tokens that the provider had in its prompt cache; equals `input` where there is no discount. */
  cachedInput: number;
  /** Writing a prompt to the provider's cache, where that is billed; else absent. */
  cacheWrite?: number;
  output: number;
}

/** One row of the price table. */
export interface ModelPrice extends Price {
  /** The page the row was read from, and the day (YYYY-MM-DD). */
  source: string;
  read: string;
  /** The day the provider switches the model off, where one is announced. */
  retires?: string;
  /**
   * Reasoning models think before they answer and bill the thoughts as output. The teacher's tasks need none, so
   * `none` is sent where the model allows it.
   */
  reasoning?: "none";
  /** Above this many input tokens the provider multiplies the whole request: input by 2, output by 1.5. */
  longContext?: number;
}

/** Models with a sourced price. Key: the name sent in `model`. */
export const PRICES: Readonly<Record<string, ModelPrice>> = {
  "gpt-6-luna": {
    input: 0.1, cachedInput: 0.01, cacheWrite: 0.125, output: 0.5,
    source: "https://developers.openai.com/api/docs/models/gpt-6-luna", read: "2026-11-21",
    reasoning: "none", longContext: 272_000,
  },
  "gpt-5.6-luna": {
    input: 0.2, cachedInput: 0.02, cacheWrite: 0.25, output: 1.2,
    source: "https://developers.openai.com/api/docs/models/gpt-5.6-luna", read: "2026-11-21",
    reasoning: "none", longContext: 272_000,
  },
  "gpt-5.4-nano": {
    input: 0.2, cachedInput: 0.02, output: 1.25,
    source: "https://developers.openai.com/api/docs/models/gpt-5.4-nano",
    read: "2026-11-21", retires: "2027-04-01", reasoning: "none",
  },
  // The model the course plan was costed with. OpenAI switches it off on 14 January 2027 and names gpt-6-luna as its
  // replacement (https://developers.openai.com/api/docs/deprecations).
  "gpt-4o-mini": {
    input: 0.15, cachedInput: 0.075, output: 0.6,
    source:
      "https://openrouter.ai/openai/gpt-4o-mini-2024-07-18 (input, output); " +
      "https://github.com/CommitBrief/commitbrief/wiki/Provider-OpenAI (cached input)",
    read: "2026-11-21", retires: "2027-01-14",
  },
};

/** The teacher when nothing else is named, and the model the simulator stands for. */
export const DEFAULT_MODEL = "gpt-6-luna";

/** The row for a model, dated snapshots included (`gpt-4o-mini-2024-07-18` is priced as `gpt-4o-mini`). */
export function findPrice(model: string): ModelPrice | undefined {
  if (Object.hasOwn(PRICES, model)) return PRICES[model];
  const undated = model.replace(/-\d{4}-\d{2}-\d{2}$/, "");
  return Object.hasOwn(PRICES, undated) ? PRICES[undated] : undefined;
}

/** Tokens of one answer, as the server counted them. */
export interface Usage {
  /** Prompt tokens, the cached ones included. */
  input: number;
  /** Prompt tokens served from the provider's own prompt cache. */
  cachedInput: number;
  /** Prompt tokens written to that cache and billed as such. */
  cacheWrite: number;
  /** Answer tokens, reasoning included. */
  output: number;
}

/**
 * Dollars for one answer: each class of token times its price per million.
 *
 * @param usage Token counts of the answer.
 * @param price Dollars per million tokens; `longContext` is honoured when the row has it.
 */
export function costOf(usage: Usage, price: Price & { longContext?: number }): number {
  const isLong = price.longContext !== undefined && usage.input > price.longContext;
  const fresh = Math.max(0, usage.input - usage.cachedInput - usage.cacheWrite);
  const input =
    fresh * price.input + usage.cachedInput * price.cachedInput + usage.cacheWrite * (price.cacheWrite ?? price.input);
  return (input * (isLong ? 2 : 1) + usage.output * price.output * (isLong ? 1.5 : 1)) / 1e6;
}

/** The most that a call can cost: every prompt token at the dearest input rate, every allowed token written. */
export function worstCost(promptTokens: number, maxTokens: number, price: Price & { longContext?: number }): number {
  const dearest = { ...price, input: Math.max(price.input, price.cacheWrite ?? 0, price.cachedInput) };
  return costOf({ input: promptTokens, cachedInput: 0, cacheWrite: 0, output: maxTokens }, dearest);
}
