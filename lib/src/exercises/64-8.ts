/** The exercises of lesson 64.8, "Model Export". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** How many weights of a GGUF lie in which type. */
export interface TypedWeights {
  /** 256 weights in 144 bytes. */
  q4k: number;
  /** 256 weights in 210 bytes. */
  q6k: number;
  /** 4 bytes each. */
  f32: number;
}
/** Bytes of all weights of a GGUF, without its metadata. */
export type GgufBytes = (weights: TypedWeights) => number;

const right: GgufBytes = ({ q4k, q6k, f32 }) => (q4k * 144 + q6k * 210) / 256 + 4 * f32;
const CASES: readonly TypedWeights[] = [
  { q4k: 25_600, q6k: 0, f32: 0 }, { q4k: 25_600, q6k: 5_120, f32: 256 }, { q4k: 256_000, q6k: 512_000, f32: 4_096 }, { q4k: 0, q6k: 2_560, f32: 100 },
];

export const ggufBytesExercise: Exercise<GgufBytes> = {
  id: "64.8/gguf-bytes",
  hints: [
    "Weights are packed in blocks of 256, and a block carries its scales. How many blocks do q4k weights make?",
    "Blocks times bytes a block, for Q4_K and for Q6_K; what is in fp32 is not packed, and takes its 4 bytes each. Then add the three.",
  ],
  ...functionAnswer<GgufBytes>({
    cases: CASES.map((weights) => ({ given: [weights] })),
    right,
    tell: ([{ q4k, q6k, f32 }], given, expected) => `${q4k} weights in Q4_K, ${q6k} in Q6_K and ${f32} in fp32 take ${expected} bytes. Your function gives ${String(given)}.`,
    mistakes: [
      {
        name: "four bits flat",
        gives: ({ q4k, q6k, f32 }) => (q4k + q6k + f32) / 2,
        message: "You took four bits for every weight. Each block carries scales too, some matrices get six bits, and the norms stay in fp32: the name of a file is not its size.",
      },
      {
        name: "no scales",
        gives: ({ q4k, q6k, f32 }) => q4k / 2 + (q6k * 6) / 8 + 4 * f32,
        message: "You counted the codes and forgot the scales. A block of 256 takes 144 bytes in Q4_K, not 128, and 210 in Q6_K, not 192.",
      },
      {
        name: "all in Q4_K",
        gives: ({ q4k, q6k, f32 }) => ((q4k + q6k) * 144) / 256 + 4 * f32,
        message: "You put everything in Q4_K. The M in q4_k_m means a mixture: head, and half of attn_v and ffn_down, lie in Q6_K.",
      },
      {
        name: "norms packed",
        gives: ({ q4k, q6k, f32 }) => (q4k * 144 + q6k * 210 + f32 * 144) / 256,
        message: "You packed the norms. They are a few thousand numbers that every activation passes, and stay in fp32: 4 bytes each.",
      },
      {
        name: "bits for bytes",
        gives: (weights) => 8 * right(weights),
        message: "That is in bits. Divide by eight; or better, count bytes of blocks from the start.",
      },
    ],
  }),
  because: "Blocks are whole and carry their scales: 4.5 bits a weight in Q4_K, 6.5625 in Q6_K. A mixture lies between, by how much of it is in which.",
};

/** What can be wrong with a deployed model. */
export const CAUSES = ["lost template", "lost stop token", "other base", "too few bits"] as const;
export type Cause = (typeof CAUSES)[number];
export const SYMPTOMS = {
  A: "answers rightly, then goes on: a header of the user, another request, another answer",
  B: "answers in fluent prose and never calls a tool; in the notebook it always did",
  C: "loads without an error, and writes noise; the adapter's folder is the one that you trained",
  D: "calls the right tool every time, but one title in thirty has a letter or a word wrong; in fp16 none has",
} as const;
export type Causes = Record<keyof typeof SYMPTOMS, Cause>;
export type GiveCauses = () => Causes;

const RIGHT: Causes = { A: "lost stop token", B: "lost template", C: "other base", D: "too few bits" };
const REASONS: Record<keyof Causes, Partial<Record<Cause, string>>> = {
  A: {
    "lost template": "Symptom A begins with a right answer, so the model did read its marks. What is missing is the end: the server does not know which token is one.",
    "too few bits": "Fewer bits blur what a model says. They do not make it play the user: symptom A is an end that the server does not know.",
  },
  B: {
    "lost stop token": "In symptom B the answer ends as it should. But it is the base's answer: without the marks that it was tuned on, and without the tools in them, the tuned model has nothing to recognise.",
    "other base": "An adapter on another base writes noise. Fluent prose without calls is what a tuned model says to a prompt without its marks.",
  },
  C: {
    "lost template": "Without its template a model still writes sentences. Noise means that the numbers were added to other numbers than they were trained beside.",
    "too few bits": "Below three bits you may see noise, but symptom C has an adapter in it: A·B was trained as a change of one base, and on another it changes something else.",
  },
  D: {
    "lost template": "Symptom D calls the right tool each time, so template and tools arrive. Single letters in copied words are what rounding costs first.",
    "lost stop token": "Symptom D ends its answers. Compare fp16 with the packed file on the same prompts, and take more bits if the difference matters.",
  },
};

export const causesExercise: Exercise<GiveCauses> = {
  id: "64.8/causes",
  kind: "choice",
  hints: [
    "Ask for each symptom which part of the way still works: does the model know its marks, does it know where to stop, are its words those of a language at all?",
    "Section 2 says what an adapter needs beside itself; sections 7 and 8 took the template and the stop token away, and showed what came out. None of the three blurs single letters.",
    "Each cause is used once. Fluent but never a tool: it has not read the marks of its training. Noise: numbers were added to other numbers than they were trained beside.",
  ],
  fault: (give) => {
    const answer = give();
    for (const symptom of Object.keys(RIGHT) as (keyof Causes)[]) {
      if (!CAUSES.includes(answer[symptom])) return `Symptom ${symptom} needs one of ${CAUSES.join(", ")}.`;
      if (answer[symptom] !== RIGHT[symptom]) return REASONS[symptom][answer[symptom]] ?? `Symptom ${symptom} (${SYMPTOMS[symptom]}) has another cause than ${answer[symptom]}: ask which part of the way to the model is not as it was in training.`;
    }
    return undefined;
  },
  misconceptions: (Object.entries(REASONS) as [keyof Causes, Partial<Record<Cause, string>>][]).flatMap(([symptom, reasons]) =>
    (Object.entries(reasons) as [Cause, string][]).map(([cause, message]) => ({ name: `${symptom} as ${cause}`, matches: (give: GiveCauses) => give()[symptom] === cause, message }))),
  because: "Each part of an export has a fault of its own: the template decides what the model reads, the stop token where it ends, the base what the adapter changes, and the bits how exactly.",
};
