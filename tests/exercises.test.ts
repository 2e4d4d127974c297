/** Every exercise: a right answer is praised with its reason, a stub is not blamed, and each foreseen mistake gets its own words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, todo } from "llmops/course";
import type { Example } from "llmops/data";
import { countLora, countParameters, fourBitBytes, linearSizes } from "llmops/compute";
import { attentionExercise, loraExercise, type Attention, type LoraParameters, type Rows } from "llmops/exercises/62-1";
import { encodeExercise, labelsExercise, type EncodeWord, type MakeLabels, type Merges } from "llmops/exercises/62-2";
import { budgetExercise, parametersExercise, type ParametersOf, type SpendBudget } from "llmops/exercises/62-3";
import { budgetByHandExercise, contextExercise, type BudgetByHand, type LongestContext } from "llmops/exercises/62-4";
import { absmaxRow, packNf4, weightBytes, type ModelParts, type PackNf4, type QuantizeRow, type WeightBytes } from "llmops/exercises/62-5";
import {
  accumulateExercise, firstAidChoice, scalerExercise, type AccumulateGradients, type BatchPart, type FirstAids, type NextScale,
} from "llmops/exercises/62-6";
import { answerSeconds, rowsThatFit, type AnswerSeconds, type Room, type RowsThatFit } from "llmops/exercises/62-7";
import { describeRequest, exampleDescription, planReport, type DescribeRun, type PlanAnswer, type WriteReport } from "llmops/exercises/62-8";
import { exampleFrontMatter, frontMatter, type WriteFrontMatter } from "llmops/exercises/63-0";
import { formatChoice, toShareGptExercise, type FormatChoices, type ShareGptRow, type ToShareGpt } from "llmops/exercises/63-1";
import { coverageGaps, distinctN, type DistinctN, type FindGaps } from "llmops/exercises/63-2";
import { conversationSchema, rowReader, type ReadResult, type RowReader, type RowSchema } from "llmops/exercises/63-3";
import { CLEANING_STEPS, stepOrder, textSimilarity, type CleaningStep, type TextSimilarity } from "llmops/exercises/63-4";
import { requestsNeeded, selfConsistency, type Agreed, type RequestsNeeded } from "llmops/exercises/63-5";
import { cohensKappa, criteriaFilter, type Kappa, type KeepRow, type Scores } from "llmops/exercises/63-6";
import {
  filterQuality, labelDetector, projectedCost, type FilterQuality, type FinishedRun, type LabelDetector, type ProjectCost, type TokenPrice,
} from "llmops/exercises/63-7";
import { actionFor, assumptionVerdicts, filterAction, type DecideAction, type GiveVerdicts, type Verdicts } from "llmops/exercises/63-8";
import { claimStandings, CLAIMS, exampleRecipe, requestRecipe, type Claim, type GiveStandings, type Standings, type WriteRecipe } from "llmops/exercises/64-0";
import { adaptedWeight, smallestRank, type AdaptedWeight, type AdapterParts, type Rows as WeightRows, type SmallestRank } from "llmops/exercises/64-1";
import { rateExercise, updatesExercise, type RateOf, type Ramp, type UpdatesOf } from "llmops/exercises/64-2";
import { movedArguments, setupChoice, type ChooseSetup, type MoveArguments, type OldArguments } from "llmops/exercises/64-3";
import { lossMask, stepCount, type CountSteps, type LabelTokens, type RunLength, type TurnToken } from "llmops/exercises/64-4";
import { judgeCourse, perplexityExercise, type Course, type JudgeCourse, type PerplexityOf } from "llmops/exercises/64-5";
import { chanceExercise, rateChoice, type ChanceOf, type RatePoint, type ReadTest } from "llmops/exercises/64-6";
import { keptSteps, stepsBetween, type Interruptions, type KeptSteps, type Saved, type StepsBetween } from "llmops/exercises/64-7";
import { causesExercise, ggufBytesExercise, type Causes, type GgufBytes, type GiveCauses } from "llmops/exercises/64-8";
import { examLengthExercise, judgeCriterion, type ExamLength, type Found, type Judge, type Verdict } from "llmops/exercises/64-9";
import { wilson } from "llmops/teacher";
import { z } from "zod";
import { testExercise } from "./support/exercise.ts";

const bill = (run: FinishedRun, price: TokenPrice) => (run.inputTokens * price.input + run.outputTokens * price.output) / 1e6;
const cost: ProjectCost = (run, price, rows) => (bill(run, price) / run.kept) * rows;

testExercise<ProjectCost>(projectedCost, cost, () => todo(), [(run, price, rows) => cost(run, price, rows) + 1, /For 5000 rows your function says .*; it should be \$0\.4900/], {
  "cost of the run": (run, price) => bill(run, price),
  "tokens priced one by one": (run, price, rows) => cost(run, price, rows) * 1e6,
  "tokens priced by the thousand": (run, price, rows) => cost(run, price, rows) * 1e3,
  "input and output swapped": (run, price, rows) => cost(run, { input: price.output, output: price.input }, rows),
  "output forgotten": (run, price, rows) => cost({ ...run, outputTokens: 0 }, price, rows),
  // The student's run has the number of generated rows beside the kept ones.
  "yield forgotten": (run, price, rows) => (bill(run, price) / (run as FinishedRun & { generated: number }).generated) * rows,
});

const hits = (flagged: ReadonlySet<string>, defective: ReadonlySet<string>) => [...flagged].filter((id) => defective.has(id)).length;
const quality: FilterQuality = (flagged, defective) => ({ precision: hits(flagged, defective) / flagged.size, recall: hits(flagged, defective) / defective.size });

testExercise<FilterQuality>(filterQuality, quality, () => todo(), [() => ({ precision: 0.123, recall: 0.5 }), /Your precision is 0\.123; it should be 0\.500/], {
  swapped: (flagged, defective) => ({ precision: quality(flagged, defective).recall, recall: quality(flagged, defective).precision }),
  complement: (flagged, defective) => ({ precision: 1 - quality(flagged, defective).precision, recall: 1 - quality(flagged, defective).recall }),
  jaccard: (flagged, defective) => {
    const share = hits(flagged, defective) / new Set([...flagged, ...defective]).size;
    return { precision: share, recall: share };
  },
  counts: (flagged, defective) => ({ precision: hits(flagged, defective), recall: hits(flagged, defective) }),
});

const SIGNS: Record<string, RegExp> = {
  create: /\b(created?|added|saved|new task|on your list)\b/i,
  update: /\b(updated?|changed?|rescheduled|renamed|moved|pushed|now due|now called)\b/i,
  complete: /\b(done|checked off|completed?|closed|finished)\b/i,
  delete: /\b(deleted?|deleting|removed?|gone|no longer exists|for good)\b/i,
  list: /\b(\d+ .*tasks?|here (is|are)|you have)\b/i,
};
const said = ({ messages }: Example) => messages.filter(({ role }) => role === "assistant").map(({ content }) => content).join("\n");
const withoutTitles = (text: string) => text.replace(/“[^”]*”|‘[^’]*’|"[^"]*"|'.*?'(?!\w)/g, "_");

function contradicts(text: string, label: unknown): boolean {
  if (/\b(no (open )?task|couldn't find|don't see|nothing|unchanged|untouched)\b/i.test(text)) return false;
  const fits = (operation: string) => SIGNS[operation]?.test(text) ?? false;
  return !fits(String(label)) && Object.keys(SIGNS).some(fits);
}
const detect: LabelDetector = (example) => contradicts(withoutTitles(said(example)), example.extra["operation"]);
// Takes the first operation whose verb occurs; base forms of verbs occur in titles: 'Update incident report'.
const VERBS: [operation: string, verb: RegExp][] = [
  ["update", /\b(updat|chang|reschedul|renam|mov|now due)/i], ["delete", /delet|remov|gone/i], ["create", /\b(creat|add|saved|new task)/i],
  ["complete", /done|check|complet|clos/i], ["list", /\d+ .*tasks?|you have|here (is|are)/i],
];
function readsTitles(example: Example): boolean {
  const [operation] = VERBS.find(([, verb]) => verb.test(said(example))) ?? [];
  return operation !== undefined && operation !== example.extra["operation"];
}

testExercise<LabelDetector>(labelDetector, detect, () => todo(), [({ extra }) => extra["operation"] === "list", /precision \d+% .*, recall \d+% .*Needed: 75% and 70%.*labelled list/], {
  "flags nothing": () => false,
  "flags everything": () => true,
  "sense reversed": (example) => !detect(example),
  "reads titles": readsTitles,
});

const CHOICES: FormatChoices = {
  "translate one sentence": "alpaca", "a support chat with follow-up questions": "sharegpt",
  "an agent that calls tools": "messages", "two answers to each prompt, one better": "preference",
};
testExercise<FormatChoices>(formatChoice, CHOICES, undefined, [{ ...CHOICES, "translate one sentence": "sharegpt" }, /"translate one sentence" does not fit sharegpt\. One request/], {
  "one format for all": { "translate one sentence": "messages", "a support chat with follow-up questions": "messages", "an agent that calls tools": "messages", "two answers to each prompt, one better": "messages" },
  "chat as messages": { ...CHOICES, "a support chat with follow-up questions": "messages" },
  "chat as alpaca": { ...CHOICES, "a support chat with follow-up questions": "alpaca" },
  "tools as text": { ...CHOICES, "an agent that calls tools": "sharegpt" },
  "preference as two rows": { ...CHOICES, "two answers to each prompt, one better": "sharegpt" },
});

const turns = (human: string, gpt: string): ShareGptRow => ({ conversations: [{ from: "human", value: human }, { from: "gpt", value: gpt }] });
const request = ({ instruction, input }: { instruction: string; input: string }) => (input === "" ? instruction : `${instruction}\n${input}`);
testExercise<ToShareGpt>(toShareGptExercise, (row) => turns(request(row), row.output), () => todo(), [(row) => turns(row.output, request(row)), /the turns are .*; they should be/], {
  "input dropped": ({ instruction, output }) => turns(instruction, output),
  "input as a turn": ({ instruction, input, output }) => ({ conversations: [{ from: "human", value: instruction }, { from: "human", value: input }, { from: "gpt", value: output }] }),
  "empty input kept": ({ instruction, input, output }) => turns(`${instruction}\n${input}`, output),
  "openai names": (row) => ({ conversations: [{ from: "user", value: request(row) }, { from: "assistant", value: row.output }] }),
  "run together": ({ instruction, input, output }) => turns(`${instruction} ${input}`.trim(), output),
});

const Turn = z.object({ from: z.enum(["human", "gpt"]), value: z.string().trim().min(1) });
const turnsBy = (turn: z.ZodType<{ from: string; value: unknown }>, least = 2) => z.array(turn).min(least).refine((turns) => turns[0]?.from === "human").refine((turns) => turns.at(-1)?.from === "gpt");
testExercise<RowSchema>(conversationSchema, z.object({ conversations: turnsBy(Turn) }), undefined, [z.object({ conversations: turnsBy(Turn).max(2) }), /refuses .*a conversation may go on/], {
  "accepts everything": z.unknown(),
  strict: z.strictObject({ conversations: turnsBy(Turn) }),
  "blank values": z.object({ conversations: turnsBy(z.object({ from: z.enum(["human", "gpt"]), value: z.string().min(1) })) }),
  "order of turns": z.object({ conversations: z.array(Turn).min(2) }),
  "any role": z.object({ conversations: z.array(z.object({ from: z.string(), value: z.string().trim().min(1) })).min(2).refine((turns) => turns[0]?.from !== "gpt").refine((turns) => turns.at(-1)?.from === "gpt") }),
  "one turn is enough": z.object({ conversations: z.array(Turn).min(1).refine((turns) => turns[0]?.from === "human").refine((turns) => turns.length === 1 || turns.at(-1)?.from === "gpt") }),
});

const parseLine = (content: string, line: number, result: ReadResult) => {
  try {
    result.rows.push({ line, value: JSON.parse(content) as unknown });
  } catch (error) {
    result.faults.push({ line, reason: String(error) });
  }
};
/** A reader with the choices that its mistakes differ in. */
function reader({ first = 1, skip = "number, then skip", mark = true }: { first?: number; skip?: "number, then skip" | "skip, then number" | "never"; mark?: boolean } = {}): RowReader {
  return (text) => {
    const result: ReadResult = { rows: [], faults: [] };
    const all = (mark ? text.replace(/^\uFEFF/, "") : text).split("\n");
    const numbered = skip === "skip, then number" ? all.filter((line) => line.trim()) : all;
    numbered.forEach((content, index) => {
      if (skip === "never" || content.trim()) parseLine(content, index + first, result);
    });
    return result;
  };
}
testExercise<RowReader>(rowReader, reader(), () => todo(), [(text) => ({ rows: reader()(text).rows, faults: [] }), /a broken line in the middle.*should be/], {
  "one parse for all": (text) => ({ rows: [{ line: 1, value: JSON.parse(text) as unknown }], faults: [] }),
  "stops at the first fault": (text) => ({ rows: text.replace(/^\uFEFF/, "").split("\n").flatMap((line, index) => (line.trim() ? [{ line: index + 1, value: JSON.parse(line) as unknown }] : [])), faults: [] }),
  "counts from zero": reader({ first: 0 }),
  "counts after filtering": reader({ skip: "skip, then number" }),
  "blank lines are faults": reader({ skip: "never" }),
  "byte order mark": reader({ mark: false }),
});

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
const triples = (words: readonly string[]) => words.slice(0, -2).map((_, i) => words.slice(i, i + 3).join(" "));
const alike = (a: readonly string[], b: readonly string[], divisor: (a: Set<string>, b: Set<string>) => number = (x, y) => x.union(y).size): number => {
  const [x, y] = [new Set(a), new Set(b)];
  return x.intersection(y).size / divisor(x, y);
};
const similarity: TextSimilarity = (a, b) => alike(triples(wordsOf(a)), triples(wordsOf(b)));
testExercise<TextSimilarity>(textSimilarity, similarity, () => todo(), [(a, b) => similarity(a, b) + 0.01, /are 1\.000 alike; your function says 1\.01/], {
  "single words": (a, b) => alike(wordsOf(a), wordsOf(b)),
  "case and punctuation": (a, b) => alike(triples(a.split(/\s+/)), triples(b.split(/\s+/))),
  "lists instead of sets": (a, b) => {
    const [x, y] = [triples(wordsOf(a)), triples(wordsOf(b))];
    const shared = x.filter((sequence) => y.includes(sequence)).length;
    return shared / (x.length + y.length - shared);
  },
  "divided by the sum": (a, b) => alike(triples(wordsOf(a)), triples(wordsOf(b)), (x, y) => x.size + y.size),
  "divided by the smaller": (a, b) => alike(triples(wordsOf(a)), triples(wordsOf(b)), (x, y) => Math.min(x.size, y.size)),
});

const steps = (...order: CleaningStep[]) => order;
testExercise<readonly CleaningStep[]>(stepOrder, [...CLEANING_STEPS], undefined, [steps("parse", "normalise"), /These steps are missing: exact duplicates/], {
  "duplicates before normalising": steps("parse", "exact duplicates", "near-duplicates", "normalise", "mask personal data", "length", "judge"),
  "near before exact": steps("parse", "normalise", "near-duplicates", "exact duplicates", "mask personal data", "length", "judge"),
  "judge early": steps("parse", "normalise", "judge", "exact duplicates", "near-duplicates", "mask personal data", "length"),
  "mask after measuring": steps("parse", "normalise", "exact duplicates", "near-duplicates", "length", "mask personal data", "judge"),
});

const runsOf = (words: readonly string[], n: number) => words.slice(0, Math.max(0, words.length - n + 1)).map((_, i) => words.slice(i, i + n).join(" "));
const shareOf = (all: readonly string[]) => new Set(all).size / all.length;
testExercise<DistinctN>(distinctN, (texts, n) => shareOf(texts.flatMap((text) => runsOf(wordsOf(text), n))), () => todo(), [() => 0.5, /distinct-1 of .* is 0\.\d+; your function says 0\.5/], {
  "mean over texts": (texts, n) => {
    const shares = texts.map((text) => runsOf(wordsOf(text), n)).filter((list) => list.length).map(shareOf);
    return shares.reduce((a, b) => a + b, 0) / shares.length;
  },
  "across texts": (texts, n) => shareOf(runsOf(wordsOf(texts.join(" ")), n)),
  "case counts": (texts, n) => shareOf(texts.flatMap((text) => runsOf(text.split(/\s+/), n))),
  "number, not share": (texts, n) => new Set(texts.flatMap((text) => runsOf(wordsOf(text), n))).size,
  "words only": (texts) => shareOf(texts.flatMap(wordsOf)),
});

const gaps: FindGaps = (rows, operations, scenarios, least) =>
  operations.flatMap((operation) => scenarios.map((scenario) => ({ operation, scenario, rows: rows.filter((row) => row.operation === operation && row.scenario === scenario).length }))).filter((cell) => cell.rows < least);
testExercise<FindGaps>(coverageGaps, gaps, () => todo(), [(rows, operations) => [{ operation: operations[0]!, scenario: "happy-path", rows: rows.length }], /the gaps are .*; your function says create × happy-path: 10/], {
  "only cells that occur": (...given) => gaps(...given).filter(({ rows }) => rows > 0),
  "only empty cells": (...given) => gaps(...given).filter(({ rows }) => rows === 0),
  "at most": (rows, operations, scenarios, least) => gaps(rows, operations, scenarios, least + 1),
  "one axis": (rows, operations, _scenarios, least) => operations.map((operation) => ({ operation, scenario: "", rows: rows.filter((row) => row.operation === operation).length })).filter((cell) => cell.rows < least),
});

const mean = (scores: Scores) => Object.values(scores).reduce((a, b) => a + b, 0) / Object.values(scores).length;
const keepRow: KeepRow = (scores, least) => Object.entries(least).every(([name, value]) => (scores[name] ?? 0) >= value);
testExercise<KeepRow>(criteriaFilter, keepRow, () => todo(), [() => true, /says true, but accuracy falls short/], {
  mean: (scores, least) => mean(scores) >= mean(least),
  any: (scores, least) => Object.entries(least).some(([name, value]) => (scores[name] ?? 0) >= value),
  "strictly above": (scores, least) => Object.entries(least).every(([name, value]) => (scores[name] ?? 0) > value),
  "missing is fine": (scores, least) => Object.entries(scores).every(([name, value]) => value >= (least[name] ?? 0)),
  "all scores": (scores, least) => Object.entries(scores).every(([name, value]) => value >= (least[name] ?? 3)),
});

const rate = (list: readonly boolean[]) => list.filter(Boolean).length / list.length;
const equal = (a: readonly boolean[], b: readonly boolean[]) => a.filter((value, i) => value === b[i]).length / a.length;
const chanceOf = (a: readonly boolean[], b: readonly boolean[]) => rate(a) * rate(b) + (1 - rate(a)) * (1 - rate(b));
testExercise<Kappa>(cohensKappa, (a, b) => (equal(a, b) - chanceOf(a, b)) / (1 - chanceOf(a, b)), () => todo(), [() => 0, /kappa is 1\.000; your function says 0/], {
  "raw agreement": equal,
  "chance is a half": (a, b) => 2 * equal(a, b) - 1,
  "not scaled": (a, b) => equal(a, b) - chanceOf(a, b),
  "only flags by chance": (a, b) => (equal(a, b) - rate(a) * rate(b)) / (1 - rate(a) * rate(b)),
});

testExercise<RequestsNeeded>(requestsNeeded, (wanted, kept, batch) => Math.ceil(Math.ceil(wanted / kept - 1e-9) / batch), () => todo(), [() => 3, /it takes 115 requests; your function says 3/], {
  "yield forgotten": (wanted, _kept, batch) => Math.ceil(wanted / batch),
  multiplied: (wanted, kept, batch) => Math.ceil((wanted * kept) / batch),
  added: (wanted, kept, batch) => Math.ceil((wanted * (2 - kept)) / batch),
  "rounded down": (wanted, kept, batch) => Math.floor(wanted / kept / batch),
  "rows instead of requests": (wanted, kept) => Math.ceil(wanted / kept - 1e-9),
});

type Answer = Readonly<Record<string, string>>;
const sorted = (answer: Answer) => JSON.stringify(Object.entries(answer).sort(([a], [b]) => (a < b ? -1 : 1)));
const votesFor = (answers: readonly Answer[], answer: Answer, key: (answer: Answer) => string) => answers.filter((other) => key(other) === key(answer)).length;
const mostFrequent = (answers: readonly Answer[]) => [...answers].sort((a, b) => votesFor(answers, b, sorted) - votesFor(answers, a, sorted))[0];
testExercise<Agreed>(selfConsistency, (answers, least) => answers.find((answer) => votesFor(answers, answer, sorted) >= least), () => todo(), [() => undefined, /With three equal answers, and at least 2 needed/], {
  "field by field": (answers, least) => {
    const fields = Object.keys(answers[0] ?? {}).flatMap((name) => answers.find((answer) => answers.filter((other) => other[name] === answer[name]).length >= least)?.[name] ?? []);
    return fields.length === 2 ? { operation: fields[0]!, due: fields[1]! } : undefined;
  },
  "the most frequent, however rare": (answers) => mostFrequent(answers),
  "order of the fields": (answers, least) => answers.find((answer) => votesFor(answers, answer, JSON.stringify) >= least),
  "all of them": (answers) => (answers.length > 0 && answers.every((answer) => sorted(answer) === sorted(answers[0]!)) ? answers[0] : undefined),
});

const described = (description: string, ...more: string[]) => ["name: llmops-data-engineer", `description: ${description}`, ...(more.length ? more : ["metadata:", '  version: "1.0"'])].join("\n");
const GOOD_DESCRIPTION = "Cleans and splits training datasets. Use when JSONL rows are prepared for fine-tuning.";
testExercise<WriteFrontMatter>(frontMatter, () => described(GOOD_DESCRIPTION), () => todo(), [() => described("Prepares many things well and fast. Use when something has to be prepared."), /never names datasets/], {
  "with the dashes": () => `---\n${exampleFrontMatter}\n---`,
  "another name": () => exampleFrontMatter.replace("llmops-data-engineer", "data-engineer"),
  "capitals or spaces": () => exampleFrontMatter.replace("llmops-data-engineer", "LLMOps Data Engineer"),
  "version outside metadata": () => described(GOOD_DESCRIPTION, 'version: "1.0"'),
  "version as a number": () => described(GOOD_DESCRIPTION, "metadata:", "  version: 1.0"),
  "version missing": () => described(GOOD_DESCRIPTION, "license: Apache-2.0"),
  "too long": () => described(`Use when ${"training datasets are built, ".repeat(40)}and so on`),
  "first person": () => described("I clean your training datasets. Use me when rows are prepared for fine-tuning."),
  "only what it is": () => described("A data engineering expert for training datasets in every format."),
  "only when": () => described("Use when training datasets are prepared for fine-tuning."),
});
test("63.0: the workbook's own front matter is a right answer", async () => {
  assert.equal((await judge(frontMatter, () => exampleFrontMatter)).outcome, "right");
});

const VERDICTS: Verdicts = { A1: "holds", A2: "refuted", A3: "refuted", A4: "refuted", A5: "refuted", A6: "refuted", A7: "open" };
testExercise<GiveVerdicts>(assumptionVerdicts, () => VERDICTS, () => todo(), [() => ({ ...VERDICTS, A1: "open" }), /A1, "A parser .*", is not open\. Every planted broken row/], {
  "all the same": () => ({ A1: "refuted", A2: "refuted", A3: "refuted", A4: "refuted", A5: "refuted", A6: "refuted", A7: "refuted" }),
  "not measured is refuted": () => ({ ...VERDICTS, A7: "refuted" }),
  "plausible is measured": () => ({ ...VERDICTS, A7: "holds" }),
  "mostly is always": () => ({ ...VERDICTS, A4: "holds" }),
  "few is none": () => ({ ...VERDICTS, A5: "holds" }),
  "cheaper is confirmed": () => ({ ...VERDICTS, A6: "holds" }),
});

testExercise<DecideAction>(filterAction, actionFor, () => todo(), [() => "review", /98 of 100 flagged rows were bad: between 0\.93 and 0\.99\. With a goal of 0\.9 that is "delete", not "review"/], {
  "by the estimate": ({ estimate }, goal) => (estimate >= goal ? "delete" : "switch off"),
  "estimate, then review": ({ estimate }, goal) => (estimate >= goal ? "delete" : "review"),
  "never off": ({ low }, goal) => (low >= goal ? "delete" : "review"),
  "ends swapped": ({ low, high }, goal) => (high >= goal ? "delete" : low < goal ? "switch off" : "review"),
  "no middle": ({ low }, goal) => (low >= goal ? "delete" : "switch off"),
});

const joinPair = (pieces: readonly string[], [left, right]: Merges[number], from = 0): string[] => {
  const at = pieces.findIndex((piece, index) => index >= from && piece === left && pieces[index + 1] === right);
  return at === -1 ? [...pieces] : joinPair(pieces.toSpliced(at, 2, left + right), [left, right], at + 1);
};
const encodeWord: EncodeWord = (word, merges) => merges.reduce((pieces, pair) => joinPair(pieces, pair), [...word]);
testExercise<EncodeWord>(encodeExercise, encodeWord, () => todo(), [(word) => [word], /With the merges .* the word lowlow is low \| low; your function gives lowlow/], {
  "longest piece first": (word, merges) => {
    const known = new Set(merges.map((pair) => pair.join("")));
    const pieces: string[] = [];
    for (let from = 0; from < word.length; ) {
      let to = word.length;
      while (to > from + 1 && !known.has(word.slice(from, to))) to--;
      pieces.push(word.slice(from, to));
      from = to;
    }
    return pieces;
  },
  "leftmost pair first": (word, merges) => {
    let pieces = [...word];
    for (;;) {
      const at = pieces.findIndex((piece, index) => merges.some(([left, right]) => piece === left && pieces[index + 1] === right));
      if (at === -1) return pieces;
      pieces = pieces.toSpliced(at, 2, pieces.slice(at, at + 2).join(""));
    }
  },
  "last merge first": (word, merges) => encodeWord(word, merges.toReversed()),
  "first place only": (word, merges) => merges.reduce((pieces, [left, right]) => {
    const at = pieces.findIndex((piece, index) => piece === left && pieces[index + 1] === right);
    return at === -1 ? pieces : pieces.toSpliced(at, 2, left + right);
  }, [...word]),
  overlapping: (word, merges) => merges.reduce<string[]>((pieces, [left, right]) => {
    const joined: string[] = [];
    for (let at = 0; at < pieces.length; at++) {
      if (pieces[at] === left && pieces[at + 1] === right) joined.push(left + right);
      else if (!(at > 0 && pieces[at - 1] === left && pieces[at] === right)) joined.push(pieces[at] as string);
    }
    return joined;
  }, [...word]),
  "one merge": (word, merges) => {
    for (const pair of merges) {
      const pieces = joinPair([...word], pair);
      if (pieces.length < word.length) return pieces;
    }
    return [...word];
  },
});

const paddedLabels: MakeLabels = ({ tokens, mask }) => tokens.map((token, at) => (mask[at] === 1 ? token : -100));
testExercise<MakeLabels>(labelsExercise, paddedLabels, () => todo(), [() => [], /Tokens 1 15 27 2 2 2 with mask 1 1 1 1 0 0 and padding token 2: the labels are 1 15 27 2 -100 -100/], {
  "every padding token": ({ tokens, padToken }) => tokens.map((token) => (token === padToken ? -100 : token)),
  "padding kept": ({ tokens }) => [...tokens],
  "zero for ignored": ({ tokens, mask }) => tokens.map((token, at) => token * (mask[at] ?? 0)),
  "padding cut off": (row) => paddedLabels(row).filter((label) => label !== -100),
  shifted: (row) => [...paddedLabels(row), -100].slice(1),
  "end ignored": ({ tokens, mask }) => tokens.map((token, at) => (mask[at] === 1 && mask[at + 1] === 1 ? token : -100)),
});

const absmax = (values: readonly number[]) => Math.max(...values.map(Math.abs));
const row = (values: readonly number[], codeOf: (scaled: number) => number, steps = 127, largest = absmax(values)) => {
  const codes = values.map((value) => (largest === 0 ? 0 : codeOf((value / largest) * steps)));
  return { absmax: largest, codes, restored: codes.map((code) => (code * largest) / steps) };
};
const quantizeRow: QuantizeRow = (values) => row(values, Math.round);

testExercise<QuantizeRow>(absmaxRow, quantizeRow, () => todo(), [(values) => ({ ...quantizeRow(values), absmax: 1 }), /your absmax is 1; it should be 1\.27/], {
  "sign ignored": (values) => row(values, Math.round, 127, Math.max(...values)),
  "128 steps": (values) => row(values, Math.round, 128),
  "cut off": (values) => row(values, Math.trunc),
  "shifted by the minimum": (values) => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return { ...quantizeRow(values), codes: values.map((value) => Math.round(((value - least) / (most - least)) * 254) - 127) };
  },
  "not read back": (values) => ({ ...quantizeRow(values), restored: quantizeRow(values).codes }),
  "division by zero": (values) => {
    const codes = values.map((value) => Math.round((value / absmax(values)) * 127));
    return { absmax: absmax(values), codes, restored: codes.map((code) => (code * absmax(values)) / 127) };
  },
});

const nearest = (value: number, codebook: readonly number[]) => codebook.indexOf([...codebook].sort((a, b) => Math.abs(a - value) - Math.abs(b - value))[0]!);
const packed = (values: readonly number[], codeOf: (scaled: number) => number, join = (first: number, second: number) => 16 * first + second) => {
  const codes = values.map((value) => codeOf(value / absmax(values)));
  return { absmax: absmax(values), bytes: codes.flatMap((code, i) => (i % 2 === 0 ? [join(code, codes[i + 1]!)] : [])) };
};
const pack: PackNf4 = (values, codebook) => packed(values, (value) => nearest(value, codebook));

testExercise<PackNf4>(packNf4, pack, () => todo(), [(values, codebook) => ({ ...pack(values, codebook), bytes: [1, 2] }), /your bytes are 1, 2; they should be .* from the codes/], {
  "not scaled": (values, codebook) => ({ absmax: absmax(values), bytes: packed(values, (value) => nearest(value * absmax(values), codebook)).bytes }),
  "order in the byte": (values, codebook) => packed(values, (value) => nearest(value, codebook), (first, second) => first + 16 * second),
  "a byte a code": (values, codebook) => ({ absmax: absmax(values), bytes: values.map((value) => nearest(value / absmax(values), codebook)) }),
  "the code below": (values, codebook) => packed(values, (value) => codebook.findLastIndex((other) => other <= value)),
  "evenly spaced codes": (values) => packed(values, (value) => Math.round(((value + 1) / 2) * 15)),
});

const left = ({ embedding, head, norms }: ModelParts) => 2 * (embedding + head + norms);
const bytes: WeightBytes = (model, { blockSize, doubleQuant }) => {
  const blocks = model.linear / blockSize;
  return model.linear / 2 + (doubleQuant ? blocks + (4 * blocks) / 256 : 4 * blocks) + left(model);
};

testExercise<WeightBytes>(weightBytes, bytes, () => todo(), [(model, storage) => bytes(model, storage) + 1e8, /Llama-3-8B, blocks of 64: your function says .* GiB/], {
  "everything in 4 bit": (model) => (model.linear + model.embedding + model.head + model.norms) / 2,
  "scales forgotten": (model) => model.linear / 2 + left(model),
  "scales of the scales forgotten": (model, { blockSize, doubleQuant }) => model.linear / 2 + (model.linear / blockSize) * (doubleQuant ? 1 : 4) + left(model),
  "double quantisation ignored": (model, storage) => bytes(model, { ...storage, doubleQuant: false }),
  "head in 4 bit": (model, storage) => fourBitBytes(model.linear + model.head, storage) + left({ ...model, head: 0 }),
  "bits for bytes": (model, storage) => 8 * bytes(model, storage),
});

{
  const described = (change: object): DescribeRun => () => ({ ...exampleDescription, ...change });
  testExercise<DescribeRun>(describeRequest, described({ model: "meta-llama/Meta-Llama-3-8B-Instruct", storage: "nf4-dq" }), () => todo(), [described({ epochs: 1 }), /^epochs is 3 by the request; you write 1\.$/], {
    "cap is the length": described({ longest_row: undefined }),
    "mean row": described({ longest_row: 310 }),
    "effective batch": described({ batch: 16 }),
    "LoRA on a 4-bit base": described({ method: "lora" }),
    "card of the recipe": described({ gpu: "a100-40" }),
    "bf16 on a T4": described({ bf16: true }),
    "framework left out": described({ framework: undefined }),
  });
  test("62.8/description: what the request does not say is not accepted", async () => {
    for (const invented of [{ optimizer: "adamw-8bit" }, { checkpointing: "none" }, { export: ["q4_k_m"] }]) {
      const verdict = await judge(describeRequest, described(invented));
      assert.equal(verdict.outcome, "wrong");
      assert.match(verdict.message, /^The request says nothing of \w+; you write /);
    }
    // The request says both, in other words: they may stand there.
    assert.equal((await judge(describeRequest, described({ host: "colab-free", targets: ["all-linear"] }))).outcome, "right");
  });

  const verdicts = { yes: "fits", tight: "is tight", no: "does not fit" };
  const bandOf = ({ low_gib: low, high_gib: high, usable_gib: usable }: PlanAnswer) => `${low.toFixed(1)} to ${high.toFixed(1)} of ${usable.toFixed(2)} GiB.`;
  const assumed = ({ assumptions }: PlanAnswer) => `Assumed: ${assumptions.join("; ")}.`;
  const mildest = ({ remedies: [first] }: PlanAnswer) => first?.sentence ?? "";
  const reporting = (verdict: (answer: PlanAnswer) => string): WriteReport => (answer) => [verdict(answer), bandOf(answer), mildest(answer), assumed(answer)].join("\n");
  testExercise<WriteReport>(planReport, reporting(({ fits }) => verdicts[fits]), () => todo(), [reporting(() => "Hard to say:"), /of 14\.74 GiB: it fits, and your report must say so/], {
    "peak without its band": (answer) => `${verdicts[answer.fits]}: ${answer.peak_gib.toFixed(2)} of ${answer.usable_gib.toFixed(2)} GiB. ${mildest(answer)} ${assumed(answer)}`,
    "tight is called fits": reporting(({ fits }) => (fits === "no" ? "does not fit" : "fits")),
    "tight is called no": reporting(({ fits }) => (fits === "yes" ? "fits" : "does not fit")),
    "number on the box": (answer) => `${verdicts[answer.fits]}: ${answer.low_gib.toFixed(1)} to ${answer.high_gib.toFixed(1)} of 16 GB. ${mildest(answer)} ${assumed(answer)}`,
    "assumptions left out": (answer) => `${verdicts[answer.fits]}: ${bandOf(answer)} ${mildest(answer)}`,
    "harshest remedy first": (answer) => `${verdicts[answer.fits]}: ${bandOf(answer)} ${answer.remedies.at(-1)?.sentence ?? ""} ${assumed(answer)}`,
  });
}

const inner = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
const shareOut = (scores: readonly number[]) => {
  const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
};
const mix = (shares: readonly number[], rows: Rows) => (rows[0] ?? []).map((_, column) => shares.reduce((sum, share, at) => sum + share * (rows[at]?.[column] ?? 0), 0));
const rowScores = (query: readonly number[], keys: Rows, scale = Math.sqrt) => keys.map((key) => inner(query, key) / scale(key.length));
const head: Attention = (queries, keys, values) => queries.map((query, at) => mix(shareOut(rowScores(query, keys.slice(0, at + 1))), values));
testExercise<Attention>(attentionExercise, head, () => todo(), [(queries) => queries.map(() => [0]), /With three tokens of width 2 the rows are 1\.00 0\.00 \| 0\.94 0\.06 \| .*; your function gives 0\.00/], {
  "no mask": (queries, keys, values) => queries.map((query) => mix(shareOut(rowScores(query, keys)), values)),
  "mask after softmax": (queries, keys, values) => queries.map((query, at) => mix(shareOut(rowScores(query, keys)).map((share, other) => (other > at ? 0 : share)), values)),
  "itself masked": (queries, keys, values) => queries.map((query, at) => (at === 0 ? (values[0] ?? []).map(() => NaN) : mix(shareOut(rowScores(query, keys.slice(0, at))), values))),
  "not scaled": (queries, keys, values) => queries.map((query, at) => mix(shareOut(rowScores(query, keys.slice(0, at + 1), () => 1)), values)),
  "scaled by the width": (queries, keys, values) => queries.map((query, at) => mix(shareOut(rowScores(query, keys.slice(0, at + 1), (width) => width)), values)),
  "softmax by column": (queries, keys, values) => {
    const columns = keys.map((key, other) => [...Array.from({ length: other }, () => 0), ...shareOut(queries.slice(other).map((query) => inner(query, key) / Math.sqrt(key.length)))]);
    return queries.map((_, at) => mix(columns.map((column) => column[at] ?? 0), values));
  },
  overflow: (queries, keys, values) => queries.map((query, at) => {
    const powers = rowScores(query, keys.slice(0, at + 1)).map(Math.exp);
    return mix(powers.map((power) => power / powers.reduce((sum, each) => sum + each, 0)), values);
  }),
  "keys summed": (queries, keys) => head(queries, keys, keys),
});

const adapter: LoraParameters = (shape, rank, targets) => targets.reduce((sum, name) => sum + shape.layers * rank * (linearSizes(shape)[name].input + linearSizes(shape)[name].output), 0);
testExercise<LoraParameters>(loraExercise, adapter, () => todo(), [() => 7, /Rank 8 on q_proj, v_proj of Llama-3-8B trains 3,407,872 parameters; your function says 7/], {
  "one layer": (shape, rank, targets) => adapter({ ...shape, layers: 1 }, rank, targets),
  "the matrix itself": (shape, _rank, targets) => targets.reduce((sum, name) => sum + shape.layers * linearSizes(shape)[name].input * linearSizes(shape)[name].output, 0),
  "one of the pair": (shape, rank, targets) => targets.reduce((sum, name) => sum + shape.layers * rank * linearSizes(shape)[name].output, 0),
  "square matrices": (shape, rank, targets) => shape.layers * targets.length * rank * (shape.hidden + shape.hidden),
  "every target": (shape, rank) => countLora(shape, rank, ["all-linear"]),
  "multiplied sizes": (shape, rank, targets) => targets.reduce((sum, name) => sum + shape.layers * rank * linearSizes(shape)[name].input * linearSizes(shape)[name].output, 0),
});

const counted: ParametersOf = (shape) => countParameters(shape).total;
const layerTimes = (each: (shape: Parameters<ParametersOf>[0]) => number): ParametersOf => (shape) => shape.layers * each(shape);
const tableOf: ParametersOf = ({ vocab, hidden }) => vocab * hidden;
testExercise<ParametersOf>(parametersExercise, counted, () => todo(), [(shape) => counted(shape) - 64, /Llama-3-8B has 8,030,261,248 parameters; your function says 8,030,261,184, 64 too few/], {
  "two feed-forward matrices": (shape) => counted(shape) - layerTimes(({ hidden, ffn }) => hidden * ffn)(shape),
  "keys as wide as queries": (shape) => counted(shape) + layerTimes(({ hidden, heads, kvHeads, headDim }) => 2 * hidden * (heads - kvHeads) * headDim)(shape),
  "hidden × hidden": (shape) => counted(shape) + layerTimes(({ hidden, heads, kvHeads, headDim }) => 4 * hidden * hidden - 2 * hidden * (heads + kvHeads) * headDim)(shape),
  "queries as wide as the stream": (shape) => counted(shape) + layerTimes(({ hidden, heads, headDim }) => 2 * hidden * (hidden - heads * headDim))(shape),
  "head counted twice": (shape) => counted({ ...shape, tied: false }),
  "head forgotten": (shape) => counted({ ...shape, tied: true }),
  "tables forgotten": (shape) => counted({ ...shape, tied: true }) - tableOf(shape),
  "norms forgotten": (shape) => counted(shape) - shape.hidden,
  "biases forgotten": (shape) => counted({ ...shape, qkvBias: false }),
  "one layer": (shape) => counted({ ...shape, layers: 1 }),
});

const spend: SpendBudget = (compute) => ({ parameters: Math.sqrt(compute / 120), tokens: 20 * Math.sqrt(compute / 120) });
testExercise<SpendBudget>(budgetExercise, spend, () => todo(), [() => ({ parameters: 7e9, tokens: 140e9 }), /With 5\.76e\+23 operations: 69\.3 billion parameters and 1,390 billion tokens; your function gives 7 billion and 140 billion/], {
  "no square root": (compute) => ({ parameters: compute / 120, tokens: (20 * compute) / 120 }),
  "6 forgotten": (compute) => spend(6 * compute),
  "forward only": (compute) => spend(3 * compute),
  "20 forgotten in the budget": (compute) => spend(20 * compute),
  "ratio upside down": (compute) => ({ parameters: spend(compute).tokens, tokens: spend(compute).parameters }),
  "model of 2020": (compute) => ({ tokens: 300e9, parameters: compute / 1.8e12 }),
});

const NF4_BYTES = 1 / 2 + 1 / 64 + 4 / 16_384;
const budgetByHand: BudgetByHand = ({ matrices, tables, adapters, hidden, layers, vocab, batch, tokens }) => ({
  weights: matrices * NF4_BYTES + tables * 2, training: adapters * 16, activations: batch * tokens * (layers * hidden * 2 + vocab * 12),
});
testExercise<BudgetByHand>(budgetByHandExercise, budgetByHand, () => todo(), [(run) => ({ ...budgetByHand(run), training: 1 }), /Llama-3-8B, rank 16, 2 rows of 2,048 tokens: training are 0\.625 GiB; your function gives 0\.000 GiB/], {
  gibibytes: (run) => ({ weights: budgetByHand(run).weights / 2 ** 30, training: budgetByHand(run).training / 2 ** 30, activations: budgetByHand(run).activations / 2 ** 30 }),
  "everything packed": (run) => ({ ...budgetByHand(run), weights: (run.matrices + run.tables) * NF4_BYTES }),
  "half a byte": (run) => ({ ...budgetByHand(run), weights: run.matrices * 0.5 + run.tables * 2 }),
  "weights in 16 bits": (run) => ({ ...budgetByHand(run), weights: (run.matrices + run.tables) * 2 }),
  "everything trains": (run) => ({ ...budgetByHand(run), training: (run.matrices + run.tables + run.adapters) * 16 }),
  "states forgotten": (run) => ({ ...budgetByHand(run), training: run.adapters * 8 }),
  "one row": (run) => ({ ...budgetByHand(run), activations: budgetByHand({ ...run, batch: 1 }).activations }),
  "one layer": (run) => ({ ...budgetByHand(run), activations: budgetByHand({ ...run, layers: 1 }).activations }),
  "logits in 16 bits": (run) => ({ ...budgetByHand(run), activations: run.batch * run.tokens * (run.layers * run.hidden * 2 + run.vocab * 2) }),
  "no logits": (run) => ({ ...budgetByHand(run), activations: budgetByHand({ ...run, vocab: 0 }).activations }),
});

const longestContext: LongestContext = ({ layers, kvHeads, headDim }, free, batch) => Math.floor(free / (4 * layers * kvHeads * headDim * batch));
testExercise<LongestContext>(contextExercise, longestContext, () => todo(), [() => 1, /Llama-3\.1-8B, 1 row, 4 GiB free: 32,768 tokens each; your function gives 1\./], {
  "query heads": ({ layers, heads, headDim }, free, batch) => Math.floor(free / (4 * layers * heads * headDim * batch)),
  "width of the model": ({ layers, hidden }, free, batch) => Math.floor(free / (4 * layers * hidden * batch)),
  "keys only": ({ layers, kvHeads, headDim }, free, batch) => Math.floor(free / (2 * layers * kvHeads * headDim * batch)),
  fp32: ({ layers, kvHeads, headDim }, free, batch) => Math.floor(free / (8 * layers * kvHeads * headDim * batch)),
  "one layer": ({ kvHeads, headDim }, free, batch) => Math.floor(free / (4 * kvHeads * headDim * batch)),
  "batch forgotten": (shape, free) => longestContext(shape, free, 1),
  "not rounded down": ({ layers, kvHeads, headDim }, free, batch) => free / (4 * layers * kvHeads * headDim * batch),
});

const weighted = (weight: (part: BatchPart, all: number, parts: number) => number): AccumulateGradients => (parts) => {
  const all = parts.reduce((sum, { tokens }) => sum + tokens, 0);
  return (parts[0]?.gradient ?? []).map((_, at) => parts.reduce((sum, part) => sum + (part.gradient[at] ?? 0) * weight(part, all, parts.length), 0));
};
testExercise<AccumulateGradients>(accumulateExercise, weighted(({ tokens }, all) => tokens / all), () => todo(), [() => [], /Parts \[1\.000, 0\.000\] of 10 tokens, .* the batch's gradient is \[0\.250, 0\.750\]; your function gives \[\]/], {
  "mean of means": weighted((_, _all, parts) => 1 / parts),
  sum: weighted(() => 1),
  "last part": (parts) => [...(parts.at(-1)?.gradient ?? [])],
  "not divided": weighted(({ tokens }) => tokens),
  "divided twice": weighted(({ tokens }, all, parts) => tokens / all / parts),
  "divided by tokens": weighted((_, all) => 1 / all),
});

const nextScale: NextScale = ({ scale, clean }, finite, interval) => {
  if (!finite) return { scale: scale / 2, clean: 0, update: false };
  return clean + 1 >= interval ? { scale: scale * 2, clean: 0, update: true } : { scale, clean: clean + 1, update: true };
};
testExercise<NextScale>(scalerExercise, nextScale, () => todo(), [() => ({ scale: 1, clean: 0, update: true }), /Scale 65536 after 0 clean steps, gradients finite, interval 2000: scale 65536, clean 1, update true\. Your function gives scale 1/], {
  "update with infinite gradients": (state, finite, interval) => ({ ...nextScale(state, finite, interval), update: true }),
  "never grows": ({ scale, clean }, finite) => (finite ? { scale, clean: clean + 1, update: true } : { scale: scale / 2, clean: 0, update: false }),
  "never falls": (state, finite, interval) => (finite ? nextScale(state, finite, interval) : { scale: state.scale, clean: 0, update: false }),
  "streak not reset": (state, finite, interval) => (finite ? nextScale(state, finite, interval) : { scale: state.scale / 2, clean: state.clean, update: false }),
  "streak not reset on growth": ({ scale, clean }, finite, interval) =>
    finite ? { scale: clean + 1 >= interval ? scale * 2 : scale, clean: clean + 1, update: true } : { scale: scale / 2, clean: 0, update: false },
  "one step late": ({ scale, clean }, finite, interval) =>
    finite ? (clean >= interval ? { scale: scale * 2, clean: 0, update: true } : { scale, clean: clean + 1, update: true }) : { scale: scale / 2, clean: 0, update: false },
  "directions swapped": ({ scale, clean }, finite, interval) => {
    if (!finite) return { scale: scale * 2, clean: 0, update: false };
    return clean + 1 >= interval ? { scale: scale / 2, clean: 0, update: true } : { scale, clean: clean + 1, update: true };
  },
});

// Written otherwise than the author's: as PyTorch compares, as BPE is often programmed, with a full table of scores, rounded.
const otherRightAnswers: Record<string, () => Promise<{ outcome: string; message: string }>> = {
  "62.6/scaler: equal, not at least": () =>
    judge<NextScale>(scalerExercise, ({ scale, clean }, finite, interval) =>
      !finite ? { scale: scale * 0.5, clean: 0, update: false } : clean + 1 === interval ? { scale: 2 * scale, clean: 0, update: true } : { scale, clean: clean + 1, update: true }),
  "62.2/encode: the earliest merge that is there, again and again": () =>
    judge<EncodeWord>(encodeExercise, (word, merges) => {
      let pieces = [...word];
      for (;;) {
        const found = merges.find(([left, right]) => pieces.some((piece, at) => piece === left && pieces[at + 1] === right));
        if (!found) return pieces;
        const [left, right] = found;
        pieces = pieces.reduce<string[]>((done, piece) => (piece === right && done.at(-1) === left ? [...done.slice(0, -1), left + right] : [...done, piece]), []);
      }
    }),
  "62.1/attention: a full table, minus infinity above the diagonal": () =>
    judge<Attention>(attentionExercise, (queries, keys, values) =>
      queries.map((query, at) => mix(shareOut(rowScores(query, keys).map((score, other) => (other > at ? -Infinity : score))), values))),
  "62.3/budget: rounded to whole parameters and tokens": () =>
    judge<SpendBudget>(budgetExercise, (compute) => ({ parameters: Math.round((compute / 120) ** 0.5), tokens: Math.round(20 * (compute / 120) ** 0.5) })),
  "62.5/absmax-row: by a step": () =>
    judge<QuantizeRow>(absmaxRow, (values) => {
      const most = values.reduce((best, value) => Math.max(best, Math.abs(value)), 0);
      const step = most / 127 || 1;
      const rowCodes = values.map((value) => Math.round(value / step));
      return { absmax: most, codes: rowCodes, restored: rowCodes.map((code) => code * step) };
    }),
  "62.6/accumulate: step by step": () =>
    judge<AccumulateGradients>(accumulateExercise, (batch) => {
      const total = (batch[0]?.gradient ?? []).map(() => 0);
      let tokens = 0;
      for (const part of batch) {
        tokens += part.tokens;
        part.gradient.forEach((value, at) => (total[at] = (total[at] ?? 0) + value * part.tokens));
      }
      return total.map((value) => value / tokens);
    }),
};
for (const [name, verdictOf] of Object.entries(otherRightAnswers)) {
  test(`another right answer, ${name}`, async () => {
    const verdict = await verdictOf();
    assert.equal(verdict.outcome, "right", verdict.message);
  });
}

const AIDS: FirstAids = {
  "out of memory while the weights are loaded": "pack the base in 4 bits",
  "out of memory at the loss of the first step": "fewer tokens in a batch",
  "out of memory in optimizer.step of a full fine-tuning": "8-bit optimiser",
  "the first 900 steps went well, then out of memory": "train the longest rows first",
  "memory grows a little with every step": "look for tensors that are kept",
};
testExercise<FirstAids>(firstAidChoice, AIDS, undefined, [{ ...AIDS, "out of memory at the loss of the first step": "8-bit optimiser" }, /at the loss of the first step": 8-bit optimiser is not what helps first\. At the loss/], {
  "batch for everything": Object.fromEntries(Object.keys(AIDS).map((failure) => [failure, "fewer tokens in a batch"])) as FirstAids,
  "batch while loading": { ...AIDS, "out of memory while the weights are loaded": "fewer tokens in a batch" },
  "batch in the step": { ...AIDS, "out of memory in optimizer.step of a full fine-tuning": "fewer tokens in a batch" },
  "a leak after 900 steps": { ...AIDS, "the first 900 steps went well, then out of memory": "look for tensors that are kept" },
  "rows for a leak": { ...AIDS, "memory grows a little with every step": "train the longest rows first" },
});

testExercise<AnswerSeconds>(answerSeconds, ({ firstTokenSeconds, stepSeconds }, tokens) => firstTokenSeconds + stepSeconds * (tokens - 1), todo, [() => 1, /First token after 0\.8 s.*5\.75 s\. Your function gives 1\./], {
  "one step too many": ({ firstTokenSeconds, stepSeconds }, tokens) => firstTokenSeconds + stepSeconds * tokens,
  "rows one after another": ({ firstTokenSeconds, stepSeconds, batch }, tokens) => firstTokenSeconds + stepSeconds * (tokens - 1) * batch,
  "divided by the batch": ({ firstTokenSeconds, stepSeconds, batch }, tokens) => firstTokenSeconds + (stepSeconds * (tokens - 1)) / batch,
  "no prompt": ({ stepSeconds }, tokens) => stepSeconds * tokens,
  "first token only": ({ firstTokenSeconds }, tokens) => firstTokenSeconds * tokens,
});

const cacheOfRow = (room: Room) => 2 * room.layers * room.kvHeads * room.headDim * room.cacheBytes * room.context;
const freeBytes = ({ usableBytes, fixedBytes }: Room) => usableBytes - fixedBytes;
testExercise<RowsThatFit>(rowsThatFit, (room) => Math.max(0, Math.floor(freeBytes(room) / cacheOfRow(room))), todo, [() => 3, /8\.54 GiB are free, a row of 2048 tokens takes 0\.250 GiB: 34 rows\. Your function gives 3\./], {
  "every head": (room) => Math.max(0, Math.floor(freeBytes(room) / (cacheOfRow(room) * room.heads / room.kvHeads))),
  "keys only": (room) => Math.max(0, Math.floor(freeBytes(room) / (cacheOfRow(room) / 2))),
  "without the weights": (room) => Math.floor(room.usableBytes / cacheOfRow(room)),
  "not rounded down": (room) => freeBytes(room) / cacheOfRow(room),
  "below zero": (room) => Math.floor(freeBytes(room) / cacheOfRow(room)),
  "always two bytes": (room) => Math.max(0, Math.floor(freeBytes(room) / (cacheOfRow({ ...room, cacheBytes: 2 })))),
});

const ggufBytes: GgufBytes = ({ q4k, q6k, f32 }) => (q4k * 144 + q6k * 210) / 256 + 4 * f32;
testExercise<GgufBytes>(ggufBytesExercise, ggufBytes, () => todo(), [(weights) => ggufBytes(weights) + 1, /25600 weights in Q4_K, 0 in Q6_K and 0 in fp32 take 14400 bytes/], {
  "four bits flat": ({ q4k, q6k, f32 }) => (q4k + q6k + f32) / 2,
  "no scales": ({ q4k, q6k, f32 }) => q4k / 2 + (q6k * 6) / 8 + 4 * f32,
  "all in Q4_K": ({ q4k, q6k, f32 }) => ((q4k + q6k) * 144) / 256 + 4 * f32,
  "norms packed": ({ q4k, q6k, f32 }) => (q4k * 144 + q6k * 210 + f32 * 144) / 256,
  "bits for bytes": (weights) => 8 * ggufBytes(weights),
});

const causes: Causes = { A: "lost stop token", B: "lost template", C: "other base", D: "too few bits" };
testExercise<GiveCauses>(causesExercise, () => causes, () => todo(), [() => ({ ...causes, A: "other base" }), /Symptom A .* another cause than other base/], {
  "A as lost template": () => ({ ...causes, A: "lost template" }),
  "A as too few bits": () => ({ ...causes, A: "too few bits" }),
  "B as lost stop token": () => ({ ...causes, B: "lost stop token" }),
  "B as other base": () => ({ ...causes, B: "other base" }),
  "C as lost template": () => ({ ...causes, C: "lost template" }),
  "C as too few bits": () => ({ ...causes, C: "too few bits" }),
  "D as lost template": () => ({ ...causes, D: "lost template" }),
  "D as lost stop token": () => ({ ...causes, D: "lost stop token" }),
});

const averageOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const jumpsUp = ({ training }: Course): boolean => averageOf(training.slice(-5)) > 1.1 * Math.min(...training.slice(4).map((_, at) => averageOf(training.slice(at, at + 5))));
const turnsUp = ({ evaluation }: Course): boolean => evaluation.slice(-2).every((loss) => loss > 1.03 * Math.min(...evaluation));
const stays = ({ evaluation }: Course): boolean => evaluation.at(-1)! > 0.9 * evaluation[0]!;
const byRules = (unstable = jumpsUp, overFitted = turnsUp): JudgeCourse => (course) => (unstable(course) ? "unstable" : overFitted(course) ? "over-fitted" : stays(course) ? "under-fitted" : "healthy");
testExercise<JudgeCourse>(judgeCourse, byRules(), todo, [() => "healthy", /rises again from its third reading is over-fitted by the rules\. Your function says healthy/], {
  "a low training loss": byRules(jumpsUp, ({ training }) => training.at(-1)! < 0.2),
  "one reading": byRules(jumpsUp, ({ evaluation }) => evaluation.at(-1)! > 1.03 * Math.min(...evaluation)),
  "the gap": byRules(jumpsUp, ({ training, evaluation }) => evaluation.at(-1)! > 1.1 * training.at(-1)!),
  "over-fitted first": (course) => (turnsUp(course) ? "over-fitted" : byRules()(course)),
  "any jump": byRules((course) => course.training.some((loss, at) => at > 0 && loss > 1.1 * course.training[0]!) || jumpsUp(course)),
  "against the start": byRules(({ training }) => averageOf(training.slice(-5)) > 1.1 * training[0]!),
});

const nats: PerplexityOf = (batches) => batches.reduce((sum, { loss, tokens }) => sum + loss * tokens, 0);
const allTokens: PerplexityOf = (batches) => batches.reduce((sum, { tokens }) => sum + tokens, 0);
testExercise<PerplexityOf>(perplexityExercise, (batches) => Math.exp(nats(batches) / allTokens(batches)), todo, [() => 2, /100 tokens with a loss of 1: the perplexity is 2\.7183\. Your function gives 2\./], {
  "every batch counts the same": (batches) => Math.exp(averageOf(batches.map(({ loss }) => loss))),
  "mean of perplexities": (batches) => batches.reduce((sum, { loss, tokens }) => sum + (Math.exp(loss) * tokens) / allTokens(batches), 0),
  "powers of two": (batches) => 2 ** (nats(batches) / allTokens(batches)),
  "loss itself": (batches) => nats(batches) / allTokens(batches),
  "sum instead of mean": (batches) => Math.exp(nats(batches)),
});

const RIGHT_STANDINGS = Object.fromEntries(Object.entries(CLAIMS).map(([claim, [standing]]) => [claim, standing])) as Standings;
const claimWith = (words: string): Claim => (Object.keys(CLAIMS) as Claim[]).find((claim) => claim.includes(words))!;
const standings = (words: string, standing: Standings[Claim]): GiveStandings => () => ({ ...RIGHT_STANDINGS, [claimWith(words)]: standing });
testExercise<GiveStandings>(claimStandings, () => RIGHT_STANDINGS, () => todo(), [standings("dtype=None", "outdated"), /dtype=None, .* is not outdated\. The notebook/], {
  "a number in the guide is a law": standings("below 0.2", "documented"),
  "what a notebook does is proof": standings("Rank 16", "documented"),
  "old names": standings("max_seq_length", "documented"),
  "bf16 everywhere": standings("bf16", "documented"),
  "nothing is sure": () => Object.fromEntries(Object.keys(CLAIMS).map((claim) => [claim, "assumed"])) as Standings,
});

testExercise<WriteRecipe>(requestRecipe, () => exampleRecipe, () => todo(), [() => ({ ...exampleRecipe, epochs: 3 }), /2 epochs and a look every 25 steps/], {
  "bf16 on a T4": () => ({ ...exampleRecipe, precision: "bf16" }),
  "LoRA in 16 bits": () => ({ ...exampleRecipe, method: "lora" }),
  "the effective batch on the card": () => ({ ...exampleRecipe, batch: 16, accumulation: 1 }),
  "16 twice": () => ({ ...exampleRecipe, batch: 2, accumulation: 16 }),
  "rows lost": () => ({ ...exampleRecipe, maxLength: 512 }),
  "the rate of full fine-tuning": () => ({ ...exampleRecipe, learningRate: 1e-5 }),
  "nobody looks": () => ({ ...exampleRecipe, evaluateEvery: null }),
});

const setupFor: ChooseSetup = ({ cuda, capability, bitsandbytes, unsloth }, wants) =>
  cuda ? { precision: wants && capability >= 8 ? "bf16" : "fp16", fourBit: bitsandbytes, backend: unsloth ? "unsloth" : "trl" } : { precision: "fp32", fourBit: false, backend: "trl" };
testExercise<ChooseSetup>(setupChoice, setupFor, todo, [() => ({ precision: "fp32", fourBit: true, backend: "trl" }), /On a laptop, with a recipe that leaves the precision open: .*"fourBit":false/], {
  "bf16 wherever there is a card": (machine, wants) => ({ ...setupFor(machine, wants), precision: !machine.cuda ? "fp32" : wants ? "bf16" : "fp16" }),
  "bf16 by itself": (machine, wants) => ({ ...setupFor(machine, wants), precision: !machine.cuda ? "fp32" : machine.capability >= 8 ? "bf16" : "fp16" }),
  "fp16 on a processor": (machine, wants) => ({ ...setupFor(machine, wants), precision: wants && machine.capability >= 8 ? "bf16" : "fp16" }),
  "packages without a card": (machine, wants) => ({ ...setupFor(machine, wants), fourBit: machine.bitsandbytes, backend: machine.unsloth ? "unsloth" : "trl" }),
  "4 bit by Unsloth": (machine, wants) => ({ ...setupFor(machine, wants), fourBit: machine.cuda && machine.unsloth }),
});

const renamed = ({ tokenizer, max_seq_length, warmup_ratio, model, train_dataset, ...rest }: OldArguments, names = { tokenizer: "processing_class", length: "max_length", warmup: "warmup_steps" }, said: object = { fp16: true, bf16: false }) => ({
  trainer: { model, train_dataset, [names.tokenizer]: tokenizer }, config: { ...rest, [names.length]: max_seq_length, [names.warmup]: warmup_ratio, ...said } as Record<string, unknown>,
});
const today = { tokenizer: "processing_class", length: "max_length", warmup: "warmup_steps" };
testExercise<MoveArguments>(movedArguments, (old) => renamed(old), todo, [() => ({ trainer: {}, config: {} }), /From .*it should be .*"processing_class":"T"/], {
  "tokenizer kept": (old) => renamed(old, { ...today, tokenizer: "tokenizer" }),
  "old length": (old) => renamed(old, { ...today, length: "max_seq_length" }),
  "length on the trainer": (old) => {
    const { trainer, config: { max_length: length, dataset_text_field: field, ...config } } = renamed(old);
    return { trainer: { ...trainer, max_length: length, ...(field === undefined ? {} : { dataset_text_field: field }) }, config };
  },
  "share of warm-up": (old) => renamed(old, { ...today, warmup: "warmup_ratio" }),
  "precision left open": (old) => renamed(old, today, {}),
});

const masked = (hasLoss: (token: TurnToken, at: number, all: readonly TurnToken[]) => boolean, none = -100): LabelTokens => (tokens) => tokens.map((token, at) => (hasLoss(token, at, tokens) ? token.id : none));
const answered = ({ role, part }: TurnToken) => role === "assistant" && part !== "header";
testExercise<LabelTokens>(lossMask, masked(answered), todo, [() => [], /For 1 \(user, header\).*-100, -100.*Your function gives \./], {
  everything: masked(() => true),
  "no end": masked(({ role, part }) => role === "assistant" && part === "content"),
  "header too": masked(({ role }) => role === "assistant"),
  "last turn only": masked((token, at, all) => answered(token) && at > all.findLastIndex(({ role, part }) => role === "assistant" && part === "header")),
  zero: masked(answered, 0),
  "tools answer too": masked((token) => answered(token) || (token.role === "tool" && token.part !== "header")),
});

const epochUpdates = ({ rows, batch, accumulation }: RunLength) => Math.ceil(Math.ceil(rows / batch) / accumulation);
testExercise<CountSteps>(stepCount, (run) => Math.ceil(epochUpdates(run) * run.epochs), todo, [() => 7, /1200 rows, 8 a pass, 1 passes an update, 1 epochs: 150 steps\. Your function gives 7\./], {
  passes: ({ rows, batch, epochs }) => Math.ceil(Math.ceil(rows / batch) * epochs),
  "last batch dropped": ({ rows, batch, accumulation, epochs }) => Math.ceil(Math.floor(Math.floor(rows / batch) / accumulation) * epochs),
  "epochs run together": ({ rows, batch, accumulation, epochs }) => Math.ceil((rows * epochs) / (batch * accumulation)),
  "one epoch": epochUpdates,
});

const times = (left: WeightRows, right: WeightRows): WeightRows => left.map((row) => right[0]!.map((_, column) => row.reduce((sum, value, at) => sum + value * right[at]![column]!, 0)));
const addChange = (weight: WeightRows, change: WeightRows, factor: number): WeightRows => weight.map((row, i) => row.map((value, j) => value + factor * (change[i]?.[j] ?? NaN)));
const adapt = (factor: (adapter: AdapterParts) => number): AdaptedWeight => (weight, adapter) => addChange(weight, times(adapter.b, adapter.a), factor(adapter));
testExercise<AdaptedWeight>(adaptedWeight, adapt(({ a, alpha }) => alpha / a.length), () => todo(), [(weight) => weight, /For a 2 × 2 matrix, rank 2, alpha 3 the sum is \[\[10\.75,1\.625\],\[3,7\.1875\]\]; your function gives/], {
  "not scaled": adapt(() => 1),
  "alpha alone": adapt(({ alpha }) => alpha),
  "square root of the rank": adapt(({ a, alpha }) => alpha / Math.sqrt(a.length)),
  "rank from B's rows": adapt(({ b, alpha }) => alpha / b.length),
  "change alone": (weight, adapter) => addChange(weight.map((row) => row.map(() => 0)), times(adapter.b, adapter.a), adapter.alpha / adapter.a.length),
  "A times B": (weight, { a, b, alpha }) => addChange(weight, times(a, b), alpha / a.length),
  transposed: (weight, { a, b, alpha }) => {
    const change = times(b, a);
    return addChange(weight, change[0]!.map((_, column) => change.map((row) => row[column]!)), alpha / a.length);
  },
});

test("64.1/adapted-weight: the base must not be changed", async () => {
  const inPlace: AdaptedWeight = (weight, { a, b, alpha }) => {
    const change = times(b, a);
    weight.forEach((row, i) => row.forEach((_, j) => (row[j]! += (alpha / a.length) * change[i]![j]!)));
    return weight;
  };
  assert.match((await judge(adaptedWeight, inPlace)).message, /changed the matrix that it was given/);
});

const takeUntil = (values: readonly number[], of: (value: number) => number, enough: (sum: number, total: number) => boolean): number => {
  const total = values.reduce((sum, value) => sum + of(value), 0);
  let sum = 0, count = 0;
  while (count < values.length && !enough(sum, total)) sum += of(values[count++]!);
  return count;
};
const squared = (value: number): number => value * value;
const rankFor: SmallestRank = (values, share) => takeUntil(values, squared, (sum, total) => sum >= share * total);
testExercise<SmallestRank>(smallestRank, rankFor, () => todo(), [() => 16, /For singular values 4, 2, 1, 1, 1, 1 and a share of 0\.8 the rank is 2; your function gives 16/], {
  "not squared": (values, share) => takeUntil(values, (value) => value, (sum, total) => sum >= share * total),
  "one too few": (values, share) => rankFor(values, share) - 1,
  "share of the count": (values, share) => Math.ceil(values.length * share),
  "compared with the largest": (values, share) => values.filter((value) => value >= values[0]! * (1 - share)).length,
  "more than the share": (values, share) => takeUntil(values, squared, (sum, total) => sum > share * total),
});

const inSteps = (interval: (given: Interruptions) => number): StepsBetween => (given) => Math.max(1, Math.round(interval(given) / given.secondsPerStep));
const youngs = ({ checkpointSeconds: cost, hoursBetween: hours }: Interruptions): number => Math.sqrt(2 * cost * 3600 * hours);
testExercise<StepsBetween>(stepsBetween, inSteps(youngs), () => todo(), [() => 50, /A checkpoint of 10 s, an interruption every 6 h, 8 s a step: 657\.3 s between two, so 82 steps\. Your function gives 50/], {
  "2 forgotten": inSteps((given) => youngs(given) / Math.SQRT2),
  "no square root": inSteps((given) => youngs(given) ** 2),
  "hours for seconds": inSteps((given) => youngs(given) / 60),
  "seconds for steps": (given) => youngs(given),
  "never below one": (given) => Math.round(youngs(given) / given.secondsPerStep),
  "not rounded": (given) => Math.max(1, youngs(given) / given.secondsPerStep),
});

const lowestLoss = (saved: readonly Saved[]): Saved => saved.reduce((best, one) => (one.evalLoss < best.evalLoss ? one : best));
const keepBy = (best: (saved: readonly Saved[]) => Saved): KeptSteps => (saved, limit) => {
  const safe = new Set([saved.at(-1)!.step, best(saved).step]);
  for (const { step } of saved.toReversed()) if (safe.size < limit) safe.add(step);
  return [...safe].sort((a, b) => a - b);
};
testExercise<KeptSteps>(keptSteps, keepBy(lowestLoss), () => todo(), [() => [], /Saved: 100 \(2\.1\), 200 \(1\.4\).*limit 3\. On the disk lie 300, 500, 600; your function says none/], {
  "the lowest losses": (saved, limit) => saved.toSorted((a, b) => a.evalLoss - b.evalLoss).slice(0, limit).map(({ step }) => step).sort((a, b) => a - b),
  "the newest alone": (saved, limit) => saved.slice(-limit).map(({ step }) => step),
  "the best beside the limit": (saved, limit) => [...new Set([lowestLoss(saved).step, ...saved.slice(-limit).map(({ step }) => step)])].sort((a, b) => a - b),
  "highest loss for best": keepBy((saved) => saved.reduce((worst, one) => (one.evalLoss > worst.evalLoss ? one : worst))),
  "a limit of one": (saved, limit) => (limit === 1 ? [saved.at(-1)!.step] : keepBy(lowestLoss)(saved, limit)),
  "not in order": (saved, limit) => keepBy(lowestLoss)(saved, limit).reverse(),
});

const judgeShare = ({ hits, of }: Found, wanted: number): Verdict => {
  const { low, high } = wilson(hits, of);
  return low >= wanted ? "shown" : high < wanted ? "failed" : "not shown";
};
testExercise<Judge>(judgeCriterion, judgeShare, () => todo(), [() => "shown", /291 of 300 .* with 95 % wanted that is "not shown"\. Your function says "shown"/], {
  "the estimate alone": ({ hits, of }, wanted) => (hits / of >= wanted ? "shown" : "failed"),
  "the high end": ({ hits, of }, wanted) => (wilson(hits, of).high >= wanted ? "shown" : "failed"),
  "failed too soon": ({ hits, of }, wanted) => (wilson(hits, of).low >= wanted ? "shown" : "failed"),
  percent: ({ hits, of }, wanted) => judgeShare({ hits, of }, wanted / 100),
});

const examRequests: ExamLength = (share, width) => Math.ceil((1.96 ** 2 * share * (1 - share)) / width ** 2);
testExercise<ExamLength>(examLengthExercise, examRequests, () => todo(), [() => 100, /A share near 0\.95, known to ± 0\.02, takes 457 requests\. Your function gives 100\./], {
  "not squared": (share, width) => (1.96 * Math.sqrt(share * (1 - share))) / width,
  "worst case": (_, width) => Math.ceil((1.96 ** 2 * 0.25) / width ** 2),
  "one standard error": (share, width) => Math.ceil((share * (1 - share)) / width ** 2),
  "both sides": (share, width) => Math.ceil((4 * 1.96 ** 2 * share * (1 - share)) / width ** 2),
});

const updates: UpdatesOf = ({ rows, epochs, batch, accumulation }) => epochs * Math.ceil(Math.ceil(rows / batch) / accumulation);
testExercise<UpdatesOf>(updatesExercise, updates, () => todo(), [(length) => updates(length) + 1, /400 rows in batches of 2: 200 batches an epoch, in groups of 4 that is 50 updates, times 3 epochs: 150\. Your function gives 151/], {
  "accumulation forgotten": ({ rows, epochs, batch }) => epochs * Math.ceil(rows / batch),
  "rounded down": ({ rows, epochs, batch, accumulation }) => epochs * Math.floor(rows / (batch * accumulation)),
  "rounded once at the end": ({ rows, epochs, batch, accumulation }) => Math.ceil((epochs * rows) / batch / accumulation),
  "rows counted": ({ rows, epochs }) => rows * epochs,
  "one epoch only": ({ rows, batch, accumulation }) => Math.ceil(Math.ceil(rows / batch) / accumulation),
});

const cosineRate = ({ peak, warmup, steps }: Ramp, update: number, wave: (share: number) => number): number => (update < warmup ? (peak * update) / warmup : peak * wave((update - warmup) / (steps - warmup)));
const halfCosine = (share: number): number => (1 + Math.cos(share * Math.PI)) / 2;
const rateOf: RateOf = (update, ramp) => cosineRate(ramp, update, halfCosine);
testExercise<RateOf>(rateExercise, rateOf, () => todo(), [(update, ramp) => 2 * rateOf(update, ramp), /Peak 0\.0002, 10 of 100 updates of warm-up: update 1 has the rate 0\.00002000\. Your function gives 0\.00004/], {
  "no warm-up": (update, { peak, warmup, steps }) => (update < warmup ? peak : peak * halfCosine((update - warmup) / (steps - warmup))),
  "cosine from the first update": (update, { peak, warmup, steps }) => (update < warmup ? (peak * update) / warmup : peak * halfCosine(update / steps)),
  "bare cosine": (update, ramp) => cosineRate(ramp, update, (share) => Math.cos(share * Math.PI)),
  "whole period": (update, ramp) => cosineRate(ramp, update, (share) => halfCosine(2 * share)),
  "straight line": (update, ramp) => cosineRate(ramp, update, (share) => 1 - share),
  "one update late": (update, ramp) => rateOf(update + 1, ramp),
});

const least = (points: readonly RatePoint[], by: (point: RatePoint) => number): RatePoint => [...points].sort((a, b) => by(a) - by(b))[0]!;
const readTest: ReadTest = (points) => least(points, ({ smooth }) => smooth).rate / 10;
testExercise<ReadTest>(rateChoice, readTest, () => todo(), [(points) => readTest(points) * 2, /The smoothed loss of this test is lowest at a rate of .*, so begin at .*Your function gives/], {
  "at the lowest loss": (points) => 10 * readTest(points),
  "single batches": (points) => least(points, ({ loss }) => loss).rate / 10,
  "largest rate": (points) => points[points.length - 1]!.rate / 10,
  "the loss for the rate": (points) => least(points, ({ smooth }) => smooth).smooth / 10,
  "at the highest loss": (points) => least(points, ({ smooth }) => -smooth).rate / 10,
});

const chances = (first: readonly boolean[], second: readonly boolean[], include = (least: number): number => least): number => {
  const one = first.filter((right, at) => right && !second[at]).length, other = second.filter((right, at) => right && !first[at]).length;
  let ways = 1, sum = 0;
  for (let heads = 0; heads <= include(Math.min(one, other)); heads++) {
    sum += ways / 2 ** (one + other);
    ways *= (one + other - heads) / (heads + 1);
  }
  return sum;
};
const chance: ChanceOf = (first, second) => Math.min(1, 2 * chances(first, second));
const binomial = (most: number, of: number): number => {
  let term = 0.5 ** of, sum = 0;
  for (let heads = 0; heads <= most; heads++) {
    sum += term;
    term *= (of - heads) / (heads + 1);
  }
  return sum;
};
testExercise<ChanceOf>(chanceExercise, chance, () => todo(), [(first, second) => chance(first, second) / 3, /9 requests only the first has right, 1 only the second: chance divides them so unevenly in 0\.0215 of all cases\. Your function gives/], {
  "one side only": (first, second) => chances(first, second),
  "above one": (first, second) => 2 * chances(first, second),
  "every request counted": (first, second) => {
    const ahead = first.map((right, at) => (right ? 1 : 0) - (second[at] ? 1 : 0)), ties = ahead.filter((by) => by === 0).length;
    const [one, other] = [ahead.filter((by) => by > 0).length, ahead.filter((by) => by < 0).length];
    return Math.min(1, 2 * binomial(Math.min(one, other) + Math.floor(ties / 2), first.length));
  },
  "strictly fewer": (first, second) => Math.min(1, 2 * chances(first, second, (smaller) => smaller - 1)),
  "difference of shares": (first, second) => Math.abs(first.filter(Boolean).length - second.filter(Boolean).length) / first.length,
});
