/** The exercises of lesson 62.6, "Memory Optimization Techniques". */
import type { Exercise } from "../course/check.js";

/** A part of an accumulated batch: the mean gradient of its tokens, and how many tokens they were. */
export interface BatchPart {
  gradient: readonly number[];
  tokens: number;
}
/** The gradient of the whole batch: the mean over all its tokens. */
export type AccumulateGradients = (parts: readonly BatchPart[]) => number[];

const PART_CASES: readonly (readonly BatchPart[])[] = [
  [{ gradient: [1, 0], tokens: 10 }, { gradient: [0, 1], tokens: 30 }],
  [{ gradient: [0.2, -0.4, 0.6], tokens: 5 }, { gradient: [1, 2, 3], tokens: 7 }, { gradient: [-1, 0.5, 0], tokens: 8 }],
  [{ gradient: [2], tokens: 6 }, { gradient: [4], tokens: 6 }],
  [{ gradient: [3, 5], tokens: 9 }],
];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
/** A weighted sum of the parts' gradients. */
const combine = (weight: (part: BatchPart, parts: readonly BatchPart[]) => number): AccumulateGradients => (parts) =>
  (parts[0]?.gradient ?? []).map((_, at) => sum(parts.map((part) => (part.gradient[at] ?? 0) * weight(part, parts))));
const tokensOf = (parts: readonly BatchPart[]) => sum(parts.map(({ tokens }) => tokens));
const accumulate = combine(({ tokens }, parts) => tokens / tokensOf(parts));

const near = (a: unknown, b: unknown) => typeof a === "number" && typeof b === "number" && Math.abs(a - b) <= 1e-9 + 1e-9 * Math.abs(b);
const sameList = (a: unknown, b: readonly number[]) => Array.isArray(a) && a.length === b.length && b.every((value, at) => near(a[at], value));
const adds = (mistaken: AccumulateGradients) => (answer: AccumulateGradients) => PART_CASES.every((parts) => sameList(answer(parts), mistaken(parts)));
const shown = (values: unknown) => (Array.isArray(values) ? `[${values.map((value) => (typeof value === "number" ? value.toFixed(3) : String(value))).join(", ")}]` : String(values));

export const accumulateExercise: Exercise<AccumulateGradients> = {
  id: "62.6/accumulate",
  kind: "function",
  hints: [
    "The last line of the table above shows parts of different size. What does a plain mean of their gradients do to the lone row?",
    "Turn each part's mean back into the sum it came from, add the sums place by place, and only then make a mean again. What do you multiply with, and what do you divide by at the end?",
  ],
  fault: (answer) => {
    for (const parts of PART_CASES) {
      const [given, expected] = [answer(parts), accumulate(parts)];
      if (!sameList(given, expected)) {
        return `Parts ${parts.map(({ gradient, tokens }) => `${shown(gradient)} of ${tokens} tokens`).join(", ")}: the batch's gradient is ${shown(expected)}; your function gives ${shown(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "mean of means",
      matches: adds(combine((_, parts) => 1 / parts.length)),
      message: "You gave each part the same weight. A part of 10 tokens would pull as hard as one of 30, and the update is not that of the whole batch. Weigh each part by its tokens.",
    },
    {
      name: "sum",
      matches: adds(combine(() => 1)),
      message: "You added the means and did not divide: with four parts the gradient is about four times too long, as if the learning rate were.",
    },
    {
      name: "last part",
      matches: adds((parts) => [...(parts.at(-1)?.gradient ?? [])]),
      message: "Only the last part is left. That is what happens when the gradients are set to zero inside the loop: the other parts were computed for nothing.",
    },
    {
      name: "not divided",
      matches: adds(combine(({ tokens }) => tokens)),
      message: "You turned each mean back into a sum, which is right, and then stopped. Divide by the tokens of all parts.",
    },
    {
      name: "divided twice",
      matches: adds(combine(({ tokens }, parts) => tokens / tokensOf(parts) / parts.length)),
      message: "You divided by all tokens and by the number of parts as well. One of the two is enough: after the first you have the mean already.",
    },
    {
      name: "divided by tokens",
      matches: adds(combine((_, parts) => 1 / tokensOf(parts))),
      message: "You divided means by all tokens. Make sums of them first: a part's mean times its tokens.",
    },
  ],
  because: "The sum over all tokens, divided by their number, is the same in whatever parts it was added up. So a batch can be as large as you like, and the card sees one part of it at a time.",
};

/** Where a loss scaler stands. */
export interface ScalerState {
  scale: number;
  /** Steps in a row without an overflow, at this scale. */
  clean: number;
}
/** What it does after a backward pass. */
export interface ScalerStep extends ScalerState {
  /** Whether the weights are moved. */
  update: boolean;
}
/** @param finite - whether all gradients are finite; @param interval - clean steps before the scale grows */
export type NextScale = (state: ScalerState, finite: boolean, interval: number) => ScalerStep;

interface ScaleCase {
  state: ScalerState;
  finite: boolean;
  interval: number;
}
const SCALE_CASES: readonly ScaleCase[] = [
  { state: { scale: 65_536, clean: 0 }, finite: true, interval: 2000 },
  { state: { scale: 65_536, clean: 1999 }, finite: true, interval: 2000 },
  { state: { scale: 1024, clean: 1998 }, finite: true, interval: 2000 },
  { state: { scale: 65_536, clean: 700 }, finite: false, interval: 2000 },
  { state: { scale: 4096, clean: 4 }, finite: true, interval: 5 },
  { state: { scale: 2, clean: 0 }, finite: false, interval: 5 },
];
// A shorter interval than before tells the one who grows a step late from the one who never does. No answer is judged by it:
// whether clean + 1 must equal the interval (as in PyTorch's kernel) or may be above it is not the point here.
const SHORTENED: ScaleCase = { state: { scale: 512, clean: 5 }, finite: true, interval: 5 };

const nextScale: NextScale = ({ scale, clean }, finite, interval) => {
  if (!finite) return { scale: scale / 2, clean: 0, update: false };
  return clean + 1 >= interval ? { scale: scale * 2, clean: 0, update: true } : { scale, clean: clean + 1, update: true };
};
const sameStep = (a: Partial<ScalerStep> | undefined, b: ScalerStep) => a?.scale === b.scale && a.clean === b.clean && a.update === b.update;
const scales = (mistaken: NextScale, cases = SCALE_CASES) => (answer: NextScale) =>
  cases.every(({ state, finite, interval }) => sameStep(answer({ ...state }, finite, interval), mistaken(state, finite, interval)));
const inWords = (step: Partial<ScalerStep> | undefined) => `scale ${String(step?.scale)}, clean ${String(step?.clean)}, update ${String(step?.update)}`;

export const scalerExercise: Exercise<NextScale> = {
  id: "62.6/scaler",
  kind: "function",
  hints: [
    "Read the paragraph on GradScaler again and write its three sentences as cases: an overflow, a clean step, and the clean step that completes a streak.",
    "An overflow changes all three: the scale, the count, and whether the weights move. A clean step always moves the weights.",
    "This step belongs to the streak: compare the count with it included. When the scale doubles, the count begins again.",
  ],
  fault: (answer) => {
    for (const { state, finite, interval } of SCALE_CASES) {
      const [given, expected] = [answer({ ...state }, finite, interval), nextScale(state, finite, interval)];
      if (!sameStep(given, expected)) {
        return `Scale ${state.scale} after ${state.clean} clean steps, gradients ${finite ? "finite" : "infinite"}, interval ${interval}: ${inWords(expected)}. Your function gives ${inWords(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "update with infinite gradients",
      matches: scales((state, finite, interval) => ({ ...nextScale(state, finite, interval), update: true })),
      message: "You move the weights although a gradient is infinite. One such step, and every weight it touches is NaN for the rest of the run. Skip the step.",
    },
    {
      name: "never grows",
      matches: scales((state, finite, interval) => (finite ? { scale: state.scale, clean: state.clean + 1, update: true } : nextScale(state, finite, interval)), [...SCALE_CASES, SHORTENED]),
      message: "Your scale only falls. After an unlucky step it would stay low for ever, and small gradients with it: double it after `interval` clean steps.",
    },
    {
      name: "never falls",
      matches: scales((state, finite, interval) => (finite ? nextScale(state, finite, interval) : { scale: state.scale, clean: 0, update: false })),
      message: "You skip the step and keep the scale. The next step overflows for the same reason, and the one after it: halve the scale.",
    },
    {
      name: "streak not reset",
      matches: scales((state, finite, interval) => (finite ? nextScale(state, finite, interval) : { scale: state.scale / 2, clean: state.clean, update: false })),
      message: "After an overflow the count of clean steps must begin again. Otherwise the scale goes back up too soon, and overflows again.",
    },
    {
      name: "streak not reset on growth",
      matches: scales((state, finite, interval) => (finite ? { scale: state.clean + 1 >= interval ? state.scale * 2 : state.scale, clean: state.clean + 1, update: true } : nextScale(state, finite, interval))),
      message: "When the scale has grown, count from 0. You would double it after every further step, until it overflows.",
    },
    {
      name: "one step late",
      matches: scales((state, finite, interval) => (finite ? (state.clean >= interval ? { scale: state.scale * 2, clean: 0, update: true } : { scale: state.scale, clean: state.clean + 1, update: true }) : nextScale(state, finite, interval)), [...SCALE_CASES, SHORTENED]),
      message: "One step late: this step is clean too. With 1,999 before it, it is the two-thousandth.",
    },
    {
      name: "directions swapped",
      matches: scales((state, finite, interval) => {
        const right = nextScale(state, finite, interval);
        return right.scale === state.scale ? right : { ...right, scale: finite ? state.scale / 2 : state.scale * 2 };
      }),
      message: "The directions are swapped. An overflow means that the scale is too high: halve it. A long clean time means that it may be higher.",
    },
  ],
  because: "Up slowly, down at once, and never a step on infinite gradients. A skipped step now and then is normal, most of all in the first minute, while the scale finds its place.",
};

/** What happened, and when. */
export const FAILURES = [
  "out of memory while the weights are loaded",
  "out of memory at the loss of the first step",
  "out of memory in optimizer.step of a full fine-tuning",
  "the first 900 steps went well, then out of memory",
  "memory grows a little with every step",
] as const;
export type Failure = (typeof FAILURES)[number];
export const FIRST_AIDS = ["pack the base in 4 bits", "fewer tokens in a batch", "8-bit optimiser", "train the longest rows first", "look for tensors that are kept"] as const;
export type FirstAid = (typeof FIRST_AIDS)[number];
export type FirstAids = Record<Failure, FirstAid>;

const AIDS: Readonly<Record<Failure, readonly [FirstAid, string]>> = {
  "out of memory while the weights are loaded": ["pack the base in 4 bits", "No row was read yet, so only the weights can be too large."],
  "out of memory at the loss of the first step": ["fewer tokens in a batch", "At the loss the logits stand in fp32, and they grow with the tokens of a batch."],
  "out of memory in optimizer.step of a full fine-tuning": ["8-bit optimiser", "The activations are gone by then; what comes in the step is the optimiser's."],
  "the first 900 steps went well, then out of memory": ["train the longest rows first", "Same weights, same states: only the row was longer."],
  "memory grows a little with every step": ["look for tensors that are kept", "A plan is the same for every step. What grows is kept by the program, such as a list of losses with their graphs."],
};

export const firstAidChoice: Exercise<FirstAids> = {
  id: "62.6/first-aid",
  kind: "choice",
  hints: [
    "For each failure ask what had been loaded or computed at that moment, and what had not. Before the first row is read, nothing depends on a batch.",
    "Tie each moment to a term of the plan in lesson 62.4: weights while loading, logits at the loss, the optimiser's own memory in its step, and the longest row on an unlucky day.",
    "Each of the five remedies is used once. Memory that grows a little with every step is none of the plan's terms: the program itself holds on to something.",
  ],
  fault: (answer) => {
    for (const failure of FAILURES) {
      const [right, reason] = AIDS[failure];
      if (answer[failure] !== right) return `"${failure}": ${answer[failure]} is not what helps first. ${reason}`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "batch for everything",
      matches: (answer) => FAILURES.every((failure) => answer[failure] === "fewer tokens in a batch"),
      message: "A smaller batch is the usual reflex, and it helps where the tokens are the problem. Loading, the optimiser's step and a leak do not depend on the batch.",
    },
    {
      name: "batch while loading",
      matches: (answer) => answer["out of memory while the weights are loaded"] === "fewer tokens in a batch",
      message: "While the weights are loaded there is no batch yet. Only what is loaded can be smaller: pack it, or take a smaller model.",
    },
    {
      name: "batch in the step",
      matches: (answer) => answer["out of memory in optimizer.step of a full fine-tuning"] === "fewer tokens in a batch",
      message: "In the optimiser's step the activations are freed already; a batch of one would fail in the same place. Its states and temporaries are what is new there.",
    },
    {
      name: "a leak after 900 steps",
      matches: (answer) => answer["the first 900 steps went well, then out of memory"] === "look for tensors that are kept",
      message: "A leak grows from the first step on. If memory was flat for 900 steps and then not enough, the 901st batch had a longer row.",
    },
    {
      name: "rows for a leak",
      matches: (answer) => answer["memory grows a little with every step"] === "train the longest rows first",
      message: "Long rows make memory jump, and it falls again. What grows a little with every step is kept by the program itself.",
    },
  ],
  because: "Each moment has its own term: the weights while loading, the logits at the loss, the optimiser's in its step, the longest row on an unlucky day. Ask when it happened before you turn a knob.",
};
