/** The exercises of lesson 62.5, "Quantization Deep Dive". */
import { fourBitBytes, nf4Codebook } from "../compute/index.js";
import type { Exercise } from "../course/check.js";

/** What a row becomes, and what it is when read back. */
export interface AbsmaxRow {
  absmax: number;
  codes: number[];
  restored: number[];
}

/** Absmax quantisation of a row to whole numbers from −127 to 127. */
export type QuantizeRow = (values: readonly number[]) => AbsmaxRow;

// No value lies halfway between two codes: how ties are rounded is not the point here.
const ROWS: readonly (readonly number[])[] = [
  [0.4, -1.27, 0.031, 0.9, -0.052, 0, 1.1, -0.6],
  [0.5, 0.25, -0.124, 1],
  [-3, 2, 1, -0.1],
  [0, 0, 0],
];

const absmaxOf = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

function rowWith(values: readonly number[], change: { absmax?: number; steps?: number; round?: (x: number) => number } = {}): AbsmaxRow {
  const { absmax = absmaxOf(values), steps = 127, round = Math.round } = change;
  const codes = values.map((value) => (absmax === 0 ? 0 : round((value / absmax) * steps)));
  return { absmax, codes, restored: codes.map((code) => (code * absmax) / steps) };
}

const near = (a: unknown, b: number, tolerance = 1e-6): boolean => typeof a === "number" && Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
const allNear = (given: unknown, expected: readonly number[]): boolean =>
  (Array.isArray(given) || given instanceof Float32Array || given instanceof Int8Array) && given.length === expected.length && expected.every((value, i) => near(given[i], value));
const listed = (values: readonly number[]): string => values.map((value) => Number(value.toFixed(4))).join(", ");
/** In a sentence: the numbers of a list, or what it is instead. */
const said = (given: unknown): string => (Array.isArray(given) ? listed(given as number[]) : String(given));

/** Whether the codes of every row with a largest value are those of a mistake. */
const codesAs = (mistaken: QuantizeRow) => (answer: QuantizeRow): boolean => ROWS.filter((row) => absmaxOf(row) > 0).every((row) => allNear(answer([...row]).codes, mistaken(row).codes));

export const absmaxRow: Exercise<QuantizeRow> = {
  id: "62.5/absmax-row",
  kind: "function",
  hints: [
    "In section 3, one number belongs to the whole row, and every code follows from it. Which number is it: the largest value, or the largest distance from zero?",
    "The code of a value is its share of absmax, on a scale that ends at 127, rounded to the nearest whole number. Reading back turns both steps round, apart from the rounding.",
    "Try a row of zeros by hand before you run the check: what is 0 divided by 0?",
  ],
  fault: (answer) => {
    for (const row of ROWS) {
      const [given, right] = [answer([...row]), rowWith(row)];
      if (typeof given !== "object" || given === null) return `Return an object with absmax, codes and restored, not ${String(given)}.`;
      if (!near(given.absmax, right.absmax)) return `For ${listed(row)} your absmax is ${String(given.absmax)}; it should be ${right.absmax}.`;
      if (!allNear(given.codes, right.codes)) return `For ${listed(row)} your codes are ${said(given.codes)}; they should be ${listed(right.codes)}.`;
      if (!allNear(given.restored, right.restored)) return `For ${listed(row)} you read back ${said(given.restored)}; it should be ${listed(right.restored)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "sign ignored",
      matches: (answer) => ROWS.every((row) => near(answer([...row]).absmax, Math.max(...row))),
      message: "You took the largest value. In the first row that is 1.1, and −1.27 then needs a code below −127, which int8 hardly has. Take the largest magnitude: the absolute value first, then the maximum.",
    },
    {
      name: "128 steps",
      matches: codesAs((row) => rowWith(row, { steps: 128 })),
      message: "You scaled to 128. int8 ends at 127, so the code of a positive largest value does not fit: stored, 128 becomes −128, and your largest weight changes its sign.",
    },
    {
      name: "cut off",
      matches: codesAs((row) => rowWith(row, { round: Math.trunc })),
      message: "You cut the decimals off instead of rounding. The error is then up to a whole step instead of half of one, and always towards zero: every weight shrinks a little.",
    },
    {
      name: "shifted by the minimum",
      matches: codesAs((row) => {
        const [least, most] = [Math.min(...row), Math.max(...row)];
        return { absmax: absmaxOf(row), codes: row.map((value) => Math.round(((value - least) / (most - least)) * 254) - 127), restored: [] };
      }),
      message: "You stretched the row from its minimum to its maximum. That is another scheme (with a zero point). In absmax quantisation zero stays exactly zero, and one number a row is enough to read it back.",
    },
    {
      name: "not read back",
      matches: (answer) => ROWS.filter((row) => absmaxOf(row) > 0).every((row) => allNear(answer([...row]).codes, rowWith(row).codes) && allNear(answer([...row]).restored, rowWith(row).codes)),
      message: "Your restored values are still codes. Undo the scaling: multiply each code by absmax and divide by 127.",
    },
    {
      name: "division by zero",
      matches: (answer) => ROWS.every((row) => absmaxOf(row) === 0 ? answer([...row]).codes.some(Number.isNaN) : allNear(answer([...row]).codes, rowWith(row).codes)),
      message: "Right, except for a row of zeros: 0 / 0 is NaN, and one NaN spreads through the whole model. Give such a row codes of zero.",
    },
  ],
  because: "One number a row brings the largest magnitude to 127, every other value to the nearest whole number; nothing is off by more than half a step, absmax / 254.",
};

/** A block in 4 bits: its scale, and two codes a byte. */
export interface PackedBlock {
  absmax: number;
  bytes: number[];
}

/** Stores an even number of values as NF4 does. The codebook has 16 values, in order, from −1 to 1. */
export type PackNf4 = (values: readonly number[], codebook: readonly number[]) => PackedBlock;

const CODEBOOK: readonly number[] = [...nf4Codebook()];
const NF4_BLOCKS: readonly (readonly number[])[] = [
  [0.02, -0.01, 0.005, -0.04],
  [1, -1, 0.5, -0.5, 0.1, -0.1],
  [-2.5, 0.3, 0.7, 2.4],
];

const nearestCode = (value: number): number => CODEBOOK.reduce((best, other, code) => (Math.abs(other - value) < Math.abs((CODEBOOK[best] as number) - value) ? code : best), 0);
const pairs = (codes: readonly number[], join: (first: number, second: number) => number): number[] =>
  Array.from({ length: codes.length / 2 }, (_, i) => join(codes[2 * i] as number, codes[2 * i + 1] as number));
const scaledCodes = (values: readonly number[], codeOf = nearestCode): number[] => values.map((value) => codeOf(value / absmaxOf(values)));
const high = (first: number, second: number): number => (first << 4) | second;
const packsAs = (mistaken: (values: readonly number[]) => number[]) => (answer: PackNf4): boolean => NF4_BLOCKS.every((block) => allNear(answer([...block], CODEBOOK).bytes, mistaken(block)));

export const packNf4: Exercise<PackNf4> = {
  id: "62.5/pack-nf4",
  kind: "function",
  hints: [
    "The codebook runs from −1 to 1. What has to happen to the values of a block before they can be compared with it?",
    "The code of a value is the place (0 to 15) of the codebook entry with the smallest distance to it. The entries are not evenly spaced, so go through all sixteen.",
    "Then walk through the codes two at a time. Each pair makes one byte: the first of them counts 16 times as much as the second.",
  ],
  fault: (answer) => {
    for (const block of NF4_BLOCKS) {
      const given = answer([...block], CODEBOOK);
      if (typeof given !== "object" || given === null) return `Return an object with absmax and bytes, not ${String(given)}.`;
      if (!near(given.absmax, absmaxOf(block))) return `For ${listed(block)} your absmax is ${String(given.absmax)}; it should be ${absmaxOf(block)}.`;
      const right = pairs(scaledCodes(block), high);
      if (!allNear(given.bytes, right)) return `For ${listed(block)} your bytes are ${said(given.bytes)}; they should be ${right.join(", ")}, from the codes ${scaledCodes(block).join(", ")}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "not scaled",
      matches: packsAs((block) => pairs(block.map(nearestCode), high)),
      message: "You looked the values up as they are. The codebook runs from −1 to 1, so small weights all land on the codes next to zero: divide by the block's absmax first.",
    },
    {
      name: "order in the byte",
      matches: packsAs((block) => pairs(scaledCodes(block), (first, second) => (second << 4) | first)),
      message: "The codes are right, the halves of the byte are swapped. bitsandbytes puts the first value into the upper four bits; GGUF's Q4_0 does it otherwise. Read with the wrong order, every pair of weights changes places.",
    },
    {
      name: "a byte a code",
      matches: packsAs((block) => scaledCodes(block)),
      message: "One code a byte is 8 bits a weight, and half of them are always zero. Put two codes into a byte: 16 times the first plus the second.",
    },
    {
      name: "the code below",
      matches: packsAs((block) => pairs(scaledCodes(block, (value) => CODEBOOK.findLastIndex((other) => other <= value + 1e-9)), high)),
      message: "You took the next code below each value, not the nearest. Every weight then comes back too small, and the error is twice what it need be.",
    },
    {
      name: "evenly spaced codes",
      matches: packsAs((block) => pairs(scaledCodes(block, (value) => Math.round(((value + 1) / 2) * 15)), high)),
      message: "You computed the code as if the 16 values were evenly spaced. They are not, that is the point of NF4: compare with the codebook and take the nearest.",
    },
  ],
  because: "Scaled to the codebook's range, each value takes the nearest of 16 codes, and two codes share a byte, the first in the upper half: bitsandbytes' own layout.",
};

/** The parameters of a model by what becomes of them. */
export interface ModelParts {
  /** In the linear layers inside the blocks: attention and feed-forward. */
  linear: number;
  embedding: number;
  /** Of the output head; 0 where it is tied: the embedding is then used twice and stored once. */
  head: number;
  norms: number;
}

export interface Storage4Bit {
  blockSize: number;
  doubleQuant: boolean;
}

/** Bytes of the weights on the card: linear layers in NF4 with their scales, everything else in 16 bit. */
export type WeightBytes = (model: ModelParts, storage: Storage4Bit) => number;

interface BytesCase {
  name: string;
  model: ModelParts;
  storage: Storage4Bit;
}

// From the config.json of meta-llama/Meta-Llama-3-8B and meta-llama/Llama-3.2-1B (tied).
const LLAMA_3_8B: ModelParts = { linear: 6_979_321_856, embedding: 525_336_576, head: 525_336_576, norms: 266_240 };
const LLAMA_32_1B: ModelParts = { linear: 973_078_528, embedding: 262_668_288, head: 0, norms: 67_584 };
const BYTES_CASES: readonly BytesCase[] = [
  { name: "Llama-3-8B, blocks of 64", model: LLAMA_3_8B, storage: { blockSize: 64, doubleQuant: false } },
  { name: "Llama-3-8B, blocks of 64, double quantisation", model: LLAMA_3_8B, storage: { blockSize: 64, doubleQuant: true } },
  { name: "Llama-3.2-1B (tied), blocks of 128, double quantisation", model: LLAMA_32_1B, storage: { blockSize: 128, doubleQuant: true } },
];

const sixteenBit = ({ embedding, head, norms }: ModelParts): number => 2 * (embedding + head + norms);
const trueBytes = ({ model, storage }: BytesCase): number => fourBitBytes(model.linear, storage) + sixteenBit(model);
const total = ({ linear, embedding, head, norms }: ModelParts): number => linear + embedding + head + norms;
// The smallest term that must be there, the scales of the scales, is 0.03% of the whole; the one mean a tensor is not asked for.
const TOLERANCE = 1e-5;
const computes = (formula: (given: BytesCase) => number) => (answer: WeightBytes): boolean =>
  BYTES_CASES.every((given) => near(answer({ ...given.model }, { ...given.storage }), formula(given), TOLERANCE));

export const weightBytes: Exercise<WeightBytes> = {
  id: "62.5/weight-bytes",
  kind: "function",
  hints: [
    "Sort the parameters into two piles by the settings above: which of the four kinds lie in 4 bits, and which stay at 2 bytes each?",
    "A 4-bit layer has codes and scales. Codes take half a byte a weight; and there is one scale for each block of blockSize weights.",
    "Without double quantisation a scale takes 4 bytes. With it, a scale takes 1 byte, and every 256 blocks share 4 bytes more.",
  ],
  fault: (answer) => {
    for (const given of BYTES_CASES) {
      const [mine, right] = [answer({ ...given.model }, { ...given.storage }), trueBytes(given)];
      if (!near(mine, right, TOLERANCE)) return `${given.name}: your function says ${String(mine)} bytes; it should be ${Math.round(right)}, which is ${(right / 2 ** 30).toFixed(3)} GiB.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "everything in 4 bit",
      matches: (answer) => [computes(({ model }) => total(model) / 2), computes(({ model, storage }) => fourBitBytes(total(model), storage))].some((same) => same(answer)),
      message: "You put every parameter into 4 bits. That is the \"8B in 4 bit is 4 GB\" of many tables. Embedding, head and norms stay in 16 bit: a billion parameters of Llama-3-8B, two bytes each.",
    },
    {
      name: "scales forgotten",
      matches: computes(({ model }) => model.linear / 2 + sixteenBit(model)),
      message: "The codes are there, the scales are missing. Without its scale a block cannot be read: 4 bytes a block, or with double quantisation 1 byte a block and 4 bytes every 256 blocks.",
    },
    {
      name: "scales of the scales forgotten",
      matches: computes(({ model, storage }) => model.linear / 2 + (model.linear / storage.blockSize) * (storage.doubleQuant ? 1 : 4) + sixteenBit(model)),
      message: "Nearly. With double quantisation the 8-bit scales have scales of their own: 4 bytes for every 256 blocks.",
    },
    {
      name: "double quantisation ignored",
      matches: computes(({ model, storage }) => fourBitBytes(model.linear, { ...storage, doubleQuant: false }) + sixteenBit(model)),
      message: "You count 32 bits a block in every case. With double quantisation a scale takes 8 bits, and 32 more bits serve 256 blocks together.",
    },
    {
      name: "head in 4 bit",
      matches: computes(({ model, storage }) => fourBitBytes(model.linear + model.head, storage) + sixteenBit({ ...model, head: 0 })),
      message: "The head is a linear layer, and still it is left out: transformers keeps the output layer in 16 bit.",
    },
    {
      name: "bits for bytes",
      matches: computes((given) => 8 * trueBytes(given)),
      message: "Eight times too much: these are bits. Eight of them are a byte.",
    },
  ],
  because: "4 bits and a share of a scale for the linear layers, two bytes for everything else. For Llama-3-8B the 13% of parameters left in 16 bit take more than a third of the memory.",
};
