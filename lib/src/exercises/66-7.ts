/** The exercises of lesson 66.7, "Error Handling and Robustness". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** A request that failed. */
export interface FailedRequest {
  /** `ask-model` has a model write an answer; `read` lists tasks; `change` and `delete` name a task by its number; `create` makes one. */
  request: "ask-model" | "read" | "create" | "change" | "delete";
  /** Of a create: whether it carries an idempotency key. */
  key?: boolean;
  /** A status, or what came instead of an answer: `no-connection` (never made), `dropped` and `timeout` (after it was sent), `half-json`. */
  got: 400 | 404 | 429 | 500 | "no-connection" | "dropped" | "timeout" | "half-json";
}
/** `repeat`: send it again. `to-model`: give the refusal to the model as the tool's result. `say`: end, and say that nobody knows or that it cannot be asked. */
export type NextStep = "repeat" | "to-model" | "say";
export type DecideStep = (failed: FailedRequest) => NextStep;

const REFUSED: readonly unknown[] = [400, 404];
const SURELY_NOT: readonly unknown[] = [429, "no-connection"];
const decideRightly: DecideStep = ({ request, key, got }) => {
  if (REFUSED.includes(got)) return request === "ask-model" ? "say" : "to-model";
  return request === "create" && !key && !SURELY_NOT.includes(got) ? "say" : "repeat";
};
const FAILED: FailedRequest[] = [
  { request: "ask-model", got: 500 }, { request: "ask-model", got: "half-json" }, { request: "ask-model", got: 400 }, { request: "ask-model", got: "timeout" },
  { request: "read", got: "dropped" }, { request: "read", got: 400 }, { request: "change", got: "timeout" }, { request: "delete", got: "dropped" }, { request: "change", got: 404 },
  { request: "create", key: true, got: "dropped" }, { request: "create", key: true, got: 400 }, { request: "create", key: true, got: 500 },
  { request: "create", key: false, got: "dropped" }, { request: "create", key: false, got: 500 }, { request: "create", key: false, got: "half-json" },
  { request: "create", key: false, got: 429 }, { request: "create", key: false, got: "no-connection" }, { request: "delete", got: 429 },
];

export const decideStep: Exercise<DecideStep> = {
  id: "66.7/next-step",
  hints: [
    "Ask two questions in this order. Did the server refuse this very request, so that the same one will be refused again? If not: may it be done twice?",
    "400 and 404 are refusals. A tool's refusal is for the model, which wrote the call; a refusal of the model's own server is for nobody who could mend it.",
    "Only one kind of request may not be done twice: a create without a key. It may still be repeated where it surely was not done: 429, and a connection that was never made.",
  ],
  ...functionAnswer<DecideStep>({
    cases: FAILED.map((failed) => ({ given: [failed] })),
    right: decideRightly,
    tell: ([{ request, key, got }], given, expected) => `${request}${key === undefined ? "" : key ? " with a key" : " without a key"} that got ${got}: "${expected}". Your function says ${JSON.stringify(given)}.`,
    mistakes: [
      {
        name: "repeats refusals",
        gives: (failed) => (failed.request === "create" && !failed.key && !SURELY_NOT.includes(failed.got) && !REFUSED.includes(failed.got) ? "say" : "repeat"),
        message: "You repeat 400 and 404 too. The server has read the request and refused it; the same request will be refused again. The model wrote it, and the model has to change it.",
      },
      {
        name: "repeats creates without a key",
        gives: (failed) => (REFUSED.includes(failed.got) ? (failed.request === "ask-model" ? "say" : "to-model") : "repeat"),
        message: "A create without a key whose answer was lost may have been carried out. Sent again, it makes a second task: without a key you can only say that nobody knows.",
      },
      {
        name: "never repeats writes",
        gives: (failed) => (REFUSED.includes(failed.got) ? (failed.request === "ask-model" ? "say" : "to-model") : failed.request === "read" || failed.request === "ask-model" ? "repeat" : "say"),
        message: "You give up on every write. Setting a value or deleting by number twice ends in the same state as once, and a create with a key makes one task however often it is sent.",
      },
      {
        name: "only status codes",
        gives: (failed) => (typeof failed.got === "number" ? decideRightly(failed) : "say"),
        message: "You give up where no status came. Timeouts and broken connections are the usual faults of a network, and most of these requests may be sent again.",
      },
      {
        name: "every create is doubtful",
        gives: (failed) => (!REFUSED.includes(failed.got) && failed.request === "create" && !failed.key ? "say" : decideRightly(failed)),
        message: "Two answers leave no doubt even without a key: 429 refuses before any work, and a connection that was never made carried nothing. Repeat these.",
      },
      {
        name: "refusals of the model's server to the model",
        gives: (failed) => (REFUSED.includes(failed.got) ? "to-model" : decideRightly(failed)),
        message: "A 400 from the model's own server cannot be given to the model: asking is what failed. Say it to the user.",
      },
    ],
  }),
  because: "Repeat what failed on the way and may be done twice; hand refusals to who wrote the call; and where a write may or may not have happened, say so. An idempotency key moves creates from the third group into the first.",
};

/** Milliseconds to wait before retry `retry` (from 1). `draw` is uniform in [0, 1); `retryAfter` is what the server asks for, 0 where it does not. */
export type WaitFor = (retry: number, draw: number, limits: { base: number; cap: number }, retryAfter: number) => number;
const waitRightly: WaitFor = (retry, draw, { base, cap }, retryAfter) => Math.max(retryAfter, draw * Math.min(cap, base * 2 ** (retry - 1)));
const LIMITS = { base: 100, cap: 1000 };

export const waitFor: Exercise<WaitFor> = {
  id: "66.7/backoff",
  hints: [
    "Build it from inside out: a limit that doubles with each retry, no higher than the cap; a wait drawn below that limit; the server's wish.",
    "Before the first retry the limit is base itself: base × 2^(retry − 1).",
    "draw × limit is the wait, and Math.max with retryAfter comes last: the server knows when it is ready again.",
  ],
  ...functionAnswer<WaitFor>({
    cases: ([[1, 0.5, 0], [2, 0.5, 0], [3, 0.9, 0], [6, 0.5, 0], [9, 0.3, 0], [12, 0.75, 0], [1, 0.5, 400], [4, 0.9, 300], [2, 0, 0]] as const).map(([retry, draw, after]) => ({ given: [retry, draw, LIMITS, after] })),
    right: waitRightly,
    tell: ([retry, draw, { base, cap }, after], given, expected) => `Retry ${retry}, draw ${draw}, base ${base}, cap ${cap}${after ? `, the server asks for ${after}` : ""}: ${expected} ms. Your function says ${String(given)}.`,
    mistakes: [
      { name: "no cap", gives: (retry, draw, { base }, after) => Math.max(after, draw * base * 2 ** (retry - 1)), message: "Without the cap the twelfth retry may wait for minutes. Doubling is for finding a bearable rate, not for giving up slowly." },
      { name: "no jitter", gives: (retry, _, { base, cap }, after) => Math.max(after, Math.min(cap, base * 2 ** (retry - 1))), message: "You do not use the draw. Clients that failed together then come back together, in waves, and the server fails again: see the chart." },
      { name: "cap behind the draw", gives: (retry, draw, { base, cap }, after) => Math.max(after, Math.min(cap, draw * base * 2 ** (retry - 1))), message: "You draw first and cap then: after some retries nearly all draws lie above the cap, so that all clients wait the same again. Cap the limit, then draw below it." },
      { name: "the server not heard", gives: (retry, draw, { base, cap }) => draw * Math.min(cap, base * 2 ** (retry - 1)), message: "You leave out what the server asks for. A 429 with Retry-After says when it will take requests again; earlier ones are refused for certain." },
      { name: "added to the server's wish", gives: (retry, draw, { base, cap }, after) => after + draw * Math.min(cap, base * 2 ** (retry - 1)), message: "You add the wait to what the server asks for. It is a lower bound, not a part: the larger of the two." },
      { name: "linear", gives: (retry, draw, { base, cap }, after) => Math.max(after, draw * Math.min(cap, base * retry)), message: "Your limit grows by the same step each time. Doubling finds the bearable rate in few retries, whatever it is." },
      { name: "doubled at once", gives: (retry, draw, { base, cap }, after) => Math.max(after, draw * Math.min(cap, base * 2 ** retry)), message: "The first retry waits below base, not below twice base: the exponent is retry − 1." },
    ],
  }),
  because: "The limit doubles so that clients find the rate that the server can bear, the cap keeps waits useful, the draw keeps clients apart, and the server's own wish is a lower bound.",
};
