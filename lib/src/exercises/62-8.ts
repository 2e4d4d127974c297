/** The exercises of lesson 62.8, "Build Your Compute Planning Skill". */
import {
  ComputeError, findGpu, findModel, findRemedies, GIB, judgeFit, planTraining, type TrainingRunInput,
} from "../compute/index.js";
import type { Exercise } from "../course/check.js";

/** A training run as the skill's `plan-run.mjs` takes it. Tokens are counted, GPUs and storages have `llmops vram`'s names. */
export interface RunDescription {
  model: string;
  method: string;
  gpu: string;
  /** Tokens of the longest row. */
  longest_row?: number;
  /** The limit in the recipe, in tokens. */
  cap?: number;
  /** Rows on the card at a time. */
  batch?: number;
  framework?: string;
  storage?: string;
  rank?: number;
  targets?: string[];
  optimizer?: string;
  checkpointing?: string;
  attention?: string;
  dpo?: boolean;
  reference?: string;
  rows?: number;
  /** Tokens. */
  mean_row?: number;
  epochs?: number;
  dollars_per_hour?: number;
  host?: string;
  export?: string[];
}
/** The answer is a function, so that a stub can be told from an answer. */
export type DescribeRun = () => RunDescription;

/** The request of the exercise in the lesson, described. */
export const exampleDescription: RunDescription = {
  model: "Llama-3-8B", method: "qlora", gpu: "t4", framework: "trl", longest_row: 1180, cap: 4096, batch: 2, rank: 16,
  rows: 2000, mean_row: 310, epochs: 3,
};

const KNOWN_FIELDS = new Set([
  ...Object.keys(exampleDescription), "storage", "targets", "optimizer", "checkpointing", "attention", "dpo", "reference", "dollars_per_hour", "host", "export",
]);

/** Fields for which the request gives no value, or gives one only for the A100 of its recipe. */
const UNSAID = ["optimizer", "checkpointing", "attention", "dpo", "reference", "dollars_per_hour", "export"] as const;

const nameOfModel = (name: string): string => orItself(name, () => findModel(name).shape.name);
const nameOfGpu = (name: string): string => orItself(name, () => findGpu(name).name);
function orItself(name: string, look: () => string): string {
  try {
    return look();
  } catch (error) {
    if (error instanceof ComputeError) return name;
    throw error;
  }
}

export const describeRequest: Exercise<DescribeRun> = {
  id: "62.8/description",
  kind: "file",
  hints: [
    "The request mixes two things: what is true of this run, and what somebody wrote for another machine. Mark each number in it as one or the other before you write a field.",
    "Memory is decided by the longest row and by the rows that lie on the card at one time. The cap is what a recipe allows, and accumulated steps take no room.",
    "Adapters over a base of 4 bits have a method's name of their own. The training code is named too, and belongs into the description; bf16 and the A100 do not.",
  ],
  fault: (answer) => {
    const run = answer();
    const unknown = Object.keys(run).find((field) => !KNOWN_FIELDS.has(field));
    if (unknown !== undefined) return `${unknown} is no field of a description; known are ${[...KNOWN_FIELDS].join(", ")}.`;
    if (nameOfModel(run.model) !== "Llama-3-8B") return `The model of the request is Llama-3-8B, in its Instruct variant; you write ${run.model}.`;
    if (nameOfGpu(run.gpu) !== "Tesla T4") return `The run shall go on a T4; you write ${run.gpu}.`;
    if (run.storage !== undefined && !["nf4", "nf4-dq"].includes(run.storage)) return `The base is packed in 4 bits; ${run.storage} is not. Leave storage out, and the planner takes NF4.`;
    for (const field of ["method", "framework", "longest_row", "batch", "rows", "mean_row", "epochs"] as const) {
      if (run[field] !== exampleDescription[field]) return `${field} is ${JSON.stringify(exampleDescription[field])} by the request; you write ${JSON.stringify(run[field])}.`;
    }
    if (run.rank !== undefined && run.rank !== 16) return `The rank is 16; you write ${run.rank}.`;
    if (run.cap !== undefined && run.cap !== 4096) return `The cap of the recipe is 4096; you write ${run.cap}.`;
    const invented = UNSAID.find((field) => run[field] !== undefined);
    if (invented !== undefined) return `The request says nothing of ${invented}; you write ${JSON.stringify(run[invented])}. Leave it out: the script then lists what it takes for granted.`;
    return undefined;
  },
  misconceptions: [
    {
      name: "cap is the length",
      matches: (answer) => answer().longest_row === 4096 || (answer().longest_row === undefined && answer().cap === 4096),
      message: "4,096 is what the recipe allows, not what your rows have. The longest has 1,180 tokens, and no batch is padded further. Planned with the cap, a run that fits may look as if it did not.",
    },
    {
      name: "mean row",
      matches: (answer) => answer().longest_row === 310,
      message: "310 is the mean. Memory is taken by the longest row of a batch, to which the others are padded; sooner or later the row with 1,180 tokens comes, and the run stops there. The mean belongs into mean_row: it decides the time.",
    },
    {
      name: "effective batch",
      matches: (answer) => answer().batch === 16 || answer().batch === 8,
      message: "Two rows are on the card at a time. That their gradients are summed up over 8 steps makes the update one of 16 rows, and takes no memory: the sums lie where the gradients lie.",
    },
    {
      name: "LoRA on a 4-bit base",
      matches: (answer) => answer().method === "lora",
      message: "LoRA on a base that is packed in 4 bits is QLoRA. Planned as lora, the base lies in 16 bits: nearly 10 GiB more.",
    },
    {
      name: "card of the recipe",
      matches: (answer) => nameOfGpu(answer().gpu).startsWith("A100"),
      message: "The A100 is the card that the recipe was written for. The run goes on the one that the request names: a T4.",
    },
    {
      name: "bf16 on a T4",
      matches: (answer) => answer().storage === "bf16" || "bf16" in answer() || "compute" in answer(),
      message: "bf16 comes from the recipe and its A100. A T4 (compute capability 7.5) has none, so the run computes in fp16, and the planner knows it: leave the field out.",
    },
    {
      name: "framework left out",
      matches: (answer) => answer().framework === undefined,
      message: "The request names its training code, TRL. It belongs into the plan: TRL makes the logits chunk by chunk, other codes keep them whole, and with a vocabulary of 128,256 that is GiBs.",
    },
  ],
  because: "Real length, rows on the card, the method as it is, the card that there is. Each of these comes from the request; what the recipe wanted of another machine stayed out.",
};

/** What `plan-run.mjs --json` answers, as far as a report needs it. Memory in GiB. */
export interface PlanAnswer {
  model: string;
  gpu: string;
  fits: "yes" | "tight" | "no";
  peak_gib: number;
  low_gib: number;
  high_gib: number;
  usable_gib: number;
  /** The mildest first. */
  remedies: readonly { sentence: string; saved_gib: number }[];
  assumptions: readonly string[];
}
export type WriteReport = (answer: PlanAnswer) => string;

const REQUESTS: readonly { run: TrainingRunInput; assumptions: string[] }[] = [
  {
    run: { model: "Llama-3-8B", method: "qlora", sequence: 512, batch: 2, framework: "unsloth", gpu: "t4" },
    assumptions: ["the longest row has 512 tokens, as the request says"],
  },
  {
    run: { model: "Llama-3-8B", method: "qlora", sequence: 2048, batch: 8, framework: "trl", gpu: "t4" },
    assumptions: ["rows are as long as the cap, 2048 tokens: not counted", "computed in fp16"],
  },
  {
    run: { model: "Qwen2.5-7B", method: "lora", sequence: 1024, batch: 4, framework: "transformers", gpu: "t4" },
    assumptions: ["the training code is plain transformers: nobody named another"],
  },
];

function answerTo({ run, assumptions }: (typeof REQUESTS)[number]): PlanAnswer {
  const gpu = findGpu(run.gpu ?? "t4");
  const plan = planTraining(run);
  return {
    model: findModel(run.model as string).shape.name, gpu: gpu.name, fits: judgeFit(plan, gpu.usableBytes, gpu.name).fits,
    peak_gib: plan.peakBytes / GIB, low_gib: plan.lowBytes / GIB, high_gib: plan.highBytes / GIB, usable_gib: gpu.usableBytes / GIB,
    remedies: findRemedies(run, gpu).map(({ sentence, savedBytes }) => ({ sentence, saved_gib: savedBytes / GIB })), assumptions,
  };
}

const names = (text: string, value: number): boolean => [1, 2].some((digits) => new RegExp(`(?<![\\d.])${value.toFixed(digits).replace(".", "\\.")}(?!\\d)`, "u").test(text));

/** What a report says its verdict is. */
function verdictOf(text: string): PlanAnswer["fits"] | undefined {
  if (/\btight\b/iu.test(text)) return "tight";
  if (/does(?:n't| not) fit/iu.test(text)) return "no";
  return /\bfits\b/iu.test(text) ? "yes" : undefined;
}

interface Said {
  answer: PlanAnswer;
  text: string;
}
const reportsOf = (write: WriteReport): Said[] => REQUESTS.map((request) => {
  const answer = answerTo(request);
  return { answer, text: String(write(answer)) };
});
const namesBand = ({ answer, text }: Said) => names(text, answer.low_gib) && names(text, answer.high_gib);
const namesAssumptions = ({ answer, text }: Said) => answer.assumptions.every((assumption) => text.includes(assumption));
const placeOf = ({ text }: Said, remedy: PlanAnswer["remedies"][number] | undefined) => (remedy ? text.indexOf(remedy.sentence) : -1);
/** A later remedy stands where the first should: before it, or in its place. */
const isHarsh = (said: Said) => {
  const [first, ...later] = said.answer.remedies;
  const at = placeOf(said, first);
  return later.some((remedy) => placeOf(said, remedy) >= 0 && (at < 0 || placeOf(said, remedy) < at));
};
const wordOf = { yes: "it fits", tight: "it is tight", no: "it does not fit" } as const;

export const planReport: Exercise<WriteReport> = {
  id: "62.8/report",
  kind: "function",
  hints: [
    "Open the section Report of the skill and count what it asks for: a verdict, two ends of a band, what the card has, the assumptions, and sometimes a remedy.",
    "The verdict follows from fits, which has three values, and each has its words: fits, tight, does not fit. A run whose peak is below the card's memory may still be tight.",
    "Write low_gib, high_gib and usable_gib with one or two decimals, every entry of assumptions as it stands, and unless the run fits, the sentence of the first entry of remedies before any other.",
  ],
  fault: (write) => {
    for (const said of reportsOf(write)) {
      const { answer, text } = said;
      const of = `${answer.model} on ${answer.gpu}, ${answer.low_gib.toFixed(2)} to ${answer.high_gib.toFixed(2)} of ${answer.usable_gib.toFixed(2)} GiB:`;
      if (verdictOf(text) !== answer.fits) return `${of} ${wordOf[answer.fits]}, and your report must say so in these words.`;
      if (!namesBand(said)) return `${of} both ends of the band must be in the report.`;
      if (!names(text, answer.usable_gib)) return `${of} what the card has, ${answer.usable_gib.toFixed(2)} GiB, is missing.`;
      if (!namesAssumptions(said)) return `${of} the report must name every assumption; one is "${answer.assumptions[0] ?? ""}".`;
      if (answer.remedies.length > 0 && (placeOf(said, answer.remedies[0]) < 0 || isHarsh(said))) return `${of} propose the mildest remedy first: "${answer.remedies[0]?.sentence ?? ""}".`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "peak without its band",
      matches: (write) => reportsOf(write).every((said) => names(said.text, said.answer.peak_gib) && !namesBand(said)),
      message: "You report the peak as if it were known. The same code in another version moves it by several per cent: write both ends of the band. The reader decides by the upper one.",
    },
    {
      name: "tight is called fits",
      matches: (write) => reportsOf(write).some(({ answer, text }) => answer.fits === "tight" && verdictOf(text) === "yes"),
      message: "In the second case the peak is below the card's memory and the upper end of the band is above it. That run may stop after hours, at its longest row. Say tight; fits is for the whole band.",
    },
    {
      name: "tight is called no",
      matches: (write) => reportsOf(write).some(({ answer, text }) => answer.fits === "tight" && verdictOf(text) === "no"),
      message: "In the second case only the upper end is too much: the run may well go. Who reads \"does not fit\" buys a card that is perhaps not needed. Say tight, and what makes it sure.",
    },
    {
      name: "number on the box",
      matches: (write) => reportsOf(write).every(({ answer, text }) => !names(text, answer.usable_gib) && /\b1[56](?:\.0+)?\s*Gi?B/iu.test(text)),
      message: "A T4 is sold with 16 GB, and a program sees 14.74 GiB of it. Compare with usable_gib: the difference is larger than many a band.",
    },
    {
      name: "assumptions left out",
      matches: (write) => reportsOf(write).every((said) => namesBand(said)) && reportsOf(write).some((said) => !namesAssumptions(said)),
      message: "Nobody can check your report: it does not say what was taken for granted. If the rows are longer than assumed, the verdict is another one, and it is the reader who knows the rows.",
    },
    {
      name: "harshest remedy first",
      matches: (write) => reportsOf(write).some(isHarsh),
      message: "Your first proposal costs quality where a milder one is enough. What costs quality stands last in the list. Propose its first entry first.",
    },
  ],
  because: "Verdict in the planner's three words, both ends of the band, what the card really has, the assumptions, and the mildest remedy where one is needed: a reader can decide by it, and can object.",
};
