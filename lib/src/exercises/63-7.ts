/** The exercises of lesson 63.7, "Lab — Build 500-Row Task API Dataset". */
import type { Exercise } from "../course/check.js";
import { parseRow } from "../data/formats/row.js";
import type { Example } from "../data/example.js";
import { generateConversations } from "../teacher/conversations.js";
import { scoreFilter, type FilterScore } from "../teacher/score.js";
import { NO_DEFECTS } from "../teacher/simulator/ledger.js";
import { openTeacher } from "../teacher/teacher.js";

/** What a finished run used and gave. */
export interface FinishedRun {
  /** Tokens sent and received, judging included. */
  inputTokens: number;
  outputTokens: number;
  /** Rows that passed every filter. */
  kept: number;
}

/** Dollars per million tokens. */
export interface TokenPrice {
  input: number;
  output: number;
}

/** Dollars for a dataset of `rows` good rows, from a run already made. */
export type ProjectCost = (run: FinishedRun, price: TokenPrice, rows: number) => number;

interface CostCase {
  run: FinishedRun & { generated: number };
  price: TokenPrice;
  rows: number;
}

const COST_CASES: readonly CostCase[] = [
  { run: { generated: 600, kept: 500, inputTokens: 90_000, outputTokens: 80_000 }, price: { input: 0.1, output: 0.5 }, rows: 5000 },
  { run: { generated: 200, kept: 50, inputTokens: 400_000, outputTokens: 30_000 }, price: { input: 2, output: 8 }, rows: 75 },
  { run: { generated: 1000, kept: 990, inputTokens: 1_000_000, outputTokens: 0 }, price: { input: 3, output: 1 }, rows: 99 },
];

const dollarsOf = ({ inputTokens, outputTokens }: FinishedRun, price: TokenPrice) =>
  (inputTokens * price.input + outputTokens * price.output) / 1e6;

const trueCost = ({ run, price, rows }: CostCase) => (dollarsOf(run, price) * rows) / run.kept;

const near = (a: unknown, b: number) => typeof a === "number" && Math.abs(a - b) <= 1e-9 + 1e-6 * Math.abs(b);

/** Whether the answer computes, in every case, what `formula` does and is so recognised as that mistake. */
const computes = (formula: (given: CostCase) => number) => (answer: ProjectCost) =>
  COST_CASES.every((given) => near(answer(given.run, given.price, given.rows), formula(given)));

export const projectedCost: Exercise<ProjectCost> = {
  id: "63.7/projected-cost",
  kind: "function",
  hints: [
    "First the cost of the run that is finished: two kinds of tokens, each with its own price. What are the prices per?",
    "Then the price of one good row. Rejected rows were paid for as well, so which number of rows do you divide the bill by?",
    "Multiply by the rows that are wanted. Try it with a run that kept half of its rows: a good row must cost twice what a generated one does.",
  ],
  fault: (answer) => {
    for (const { run, price, rows } of COST_CASES) {
      const [given, expected] = [answer(run, price, rows), trueCost({ run, price, rows })];
      if (!near(given, expected)) {
        return (
          `A run of ${run.inputTokens} tokens in and ${run.outputTokens} out at $${price.input} and $${price.output} per million kept ` +
          `${run.kept} rows. For ${rows} rows your function says ${String(given)}; it should be $${expected.toFixed(4)}.`
        );
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "cost of the run",
      matches: computes(({ run, price }) => dollarsOf(run, price)),
      message: "That is what the finished run cost. Scale it to the rows that are wanted.",
    },
    {
      name: "tokens priced one by one",
      matches: computes((given) => trueCost(given) * 1e6),
      message: "A million times too much: prices are per million tokens.",
    },
    {
      name: "tokens priced by the thousand",
      matches: computes((given) => trueCost(given) * 1e3),
      message: "A thousand times too much: prices are per million tokens, not per thousand.",
    },
    {
      name: "input and output swapped",
      matches: computes(({ run, price, rows }) => (dollarsOf(run, { input: price.output, output: price.input }) * rows) / run.kept),
      message: "You priced the prompt with the output price and the answer with the input price.",
    },
    {
      name: "output forgotten",
      matches: computes(({ run, price, rows }) => (dollarsOf({ ...run, outputTokens: 0 }, price) * rows) / run.kept),
      message: "The output tokens are missing, and they are the dearer ones.",
    },
    {
      name: "yield forgotten",
      matches: computes(({ run, price, rows }) => (dollarsOf(run, price) * rows) / run.generated),
      message: "You divided by the rows generated. The ones that the filters reject are paid for too: divide by the rows kept.",
    },
  ],
  because: "Rejected rows are paid for as well, so the price of a good row is the whole bill divided by the rows kept.",
};

/** Precision and recall of a filter, from the ids it flagged and the ids that really have the defect. */
export type FilterQuality = (flagged: ReadonlySet<string>, defective: ReadonlySet<string>) => { precision: number; recall: number };

const QUALITY_CASES: readonly [flagged: string[], defective: string[]][] = [
  [["a", "b", "c", "d"], ["c", "d", "e", "f", "g", "h"]],
  [["a"], ["a", "b", "c", "d", "e"]],
  [["a", "b", "c"], ["b"]],
  [["x", "y"], ["a", "b", "c"]],
  [["a", "b"], ["a", "b"]],
];

function trueQuality(flagged: readonly string[], defective: readonly string[]) {
  const hits = flagged.filter((id) => defective.includes(id)).length;
  return { precision: hits / flagged.length, recall: hits / defective.length };
}

/** Whether the answer gives, in every case, the two numbers that `formula` gives. */
const measures = (formula: (flagged: string[], defective: string[]) => { precision: number; recall: number }) => (answer: FilterQuality) =>
  QUALITY_CASES.every(([flagged, defective]) => {
    const [given, mistaken] = [answer(new Set(flagged), new Set(defective)), formula(flagged, defective)];
    return near(given.precision, mistaken.precision) && near(given.recall, mistaken.recall);
  });

export const filterQuality: Exercise<FilterQuality> = {
  id: "63.7/filter-quality",
  kind: "function",
  hints: [
    "Both numbers have the same count above the line: the ids that are in both sets. Begin with it.",
    "What stands below the line is different: precision asks about everything that was flagged, recall about everything that really is bad.",
  ],
  fault: (answer) => {
    for (const [flagged, defective] of QUALITY_CASES) {
      const [given, expected] = [answer(new Set(flagged), new Set(defective)), trueQuality(flagged, defective)];
      if (typeof given !== "object" || given === null) return `Return an object with precision and recall, not ${String(given)}.`;
      for (const name of ["precision", "recall"] as const) {
        if (!near(given[name], expected[name])) {
          return (
            `The filter flagged ${flagged.join(", ")}; the defect is in ${defective.join(", ")}. ` +
            `Your ${name} is ${String(given[name])}; it should be ${expected[name].toFixed(3)}.`
          );
        }
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "swapped",
      matches: measures((flagged, defective) => {
        const { precision, recall } = trueQuality(flagged, defective);
        return { precision: recall, recall: precision };
      }),
      message: "You have them the wrong way round. Precision looks at what was flagged, recall at what should have been.",
    },
    {
      name: "complement",
      matches: measures((flagged, defective) => {
        const { precision, recall } = trueQuality(flagged, defective);
        return { precision: 1 - precision, recall: 1 - recall };
      }),
      message: "These are the shares that went wrong (false alarms, misses). Precision and recall are the shares that went right.",
    },
    {
      name: "jaccard",
      matches: measures((flagged, defective) => {
        const hits = flagged.filter((id) => defective.includes(id)).length;
        const share = hits / (flagged.length + defective.length - hits);
        return { precision: share, recall: share };
      }),
      message: "You divided by the union of both sets, which gives one overlap score. Precision divides by the flagged, recall by the defective.",
    },
    {
      name: "counts",
      matches: (answer) => QUALITY_CASES.every(([flagged, defective]) => {
        const hits = flagged.filter((id) => defective.includes(id)).length;
        const given = answer(new Set(flagged), new Set(defective));
        return given.precision === hits || given.recall === hits;
      }),
      message: "That is the number of hits. Divide it: by the rows flagged for precision, by the defective rows for recall.",
    },
  ],
  because: "Precision is the share of alarms that were right, recall the share of defects that were found; the hits are the same in both.",
};

/** Whether the label of an example (`extra.operation`) contradicts its conversation. */
export type LabelDetector = (example: Example) => boolean;

export const DETECTOR_GOAL = { precision: 0.75, recall: 0.7 };

interface LabelTest {
  /** What the detector was asked about, and what is true of it. */
  rows: { id: string; example: Example; isWrong: boolean }[];
  score(flagged: ReadonlySet<string>): FilterScore;
}

let labelTest: Promise<LabelTest> | undefined;

/** Rows that no lesson shows: another seed, and enough wrong labels to count. Made once, in about half a second. */
async function makeLabelTest(): Promise<LabelTest> {
  await using teacher = await openTeacher({
    door: "simulator",
    cache: false,
    simulator: { seed: 64, latencyMs: 0, defects: { ...NO_DEFECTS, wrong_label: 0.15 }, faults: { rateLimit: 0, serverError: 0, hang: 0 } },
  });
  const { rows } = await generateConversations(teacher, { count: 600, today: "2026-11-20", seed: 64 });
  const ledger = teacher.ledger;
  if (!ledger) throw new Error("the simulator has a ledger");
  const examples = rows.flatMap(({ id, value }) => {
    const parsed = parseRow("sharegpt", value);
    return parsed.ok ? [{ id, example: parsed.example, isWrong: ledger.find(id) !== undefined }] : [];
  });
  const entries = ledger.entries;
  return {
    rows: examples,
    score: (flagged) => {
      const [score] = scoreFilter({ entries }, new Map([["wrong_label", flagged]]), examples.map(({ id }) => id));
      if (!score) throw new Error("one kind gives one score");
      return score;
    },
  };
}

async function scoreDetector(detect: LabelDetector): Promise<FilterScore> {
  const test = await (labelTest ??= makeLabelTest());
  return test.score(new Set(test.rows.filter(({ example }) => detect(structuredClone(example))).map(({ id }) => id)));
}

const percent = (share: number) => `${Math.round(100 * share)}%`;
const describe = ({ precision, recall }: FilterScore) =>
  `precision ${percent(precision.estimate)} (${precision.hits} of ${precision.of} alarms), recall ${percent(recall.estimate)} (${recall.hits} of ${recall.of} wrong labels)`;

export const labelDetector: Exercise<LabelDetector> = {
  id: "63.7/label-detector",
  kind: "function",
  hints: [
    "Read ten rows of the dataset with their labels. Which words does the assistant use in its last turn after it created, updated, completed, deleted or listed something?",
    "Look for signs of each operation in the assistant's words, and flag a row that shows signs of another operation and none of its own label. A row without any sign is better left alone.",
    "Titles of tasks hold such words too: 'Update incident report' may just be listed. Take out what stands in quotes before you search, then let the row that the check shows you suggest the next rule.",
  ],
  fault: async (answer) => {
    const score = await scoreDetector(answer);
    const { precision, recall } = score;
    if (precision.estimate >= DETECTOR_GOAL.precision && recall.estimate >= DETECTOR_GOAL.recall) return undefined;
    const test = await (labelTest ??= makeLabelTest());
    const wrong = test.rows.find(({ example, isWrong }) => answer(structuredClone(example)) !== isWrong);
    const last = wrong?.example.messages.findLast(({ role }) => role === "assistant")?.content ?? "";
    return (
      `On 600 rows of another seed: ${describe(score)}. Needed: ${percent(DETECTOR_GOAL.precision)} and ${percent(DETECTOR_GOAL.recall)}. ` +
      `One that it got wrong is labelled ${String(wrong?.example.extra["operation"])}${wrong?.isWrong ? ", wrongly" : ", rightly"}: "${last.slice(0, 160)}"`
    );
  },
  misconceptions: [
    {
      name: "flags nothing",
      matches: async (answer) => (await scoreDetector(answer)).flagged === 0,
      message: "Your detector flags nothing. A filter that is always silent is never wrong and finds nothing: its recall is 0.",
    },
    {
      name: "flags everything",
      matches: async (answer) => {
        const test = await (labelTest ??= makeLabelTest());
        return (await scoreDetector(answer)).flagged === test.rows.length;
      },
      message: "Your detector flags every row. It finds all wrong labels and throws away the dataset: its precision is the share of wrong labels.",
    },
    {
      name: "sense reversed",
      matches: async (answer) => {
        const { precision, recall } = await scoreDetector((example) => !answer(example));
        return precision.estimate >= 0.5 && recall.estimate >= 0.5;
      },
      message: "The sense is reversed: return true for a label that is wrong, false for one that fits.",
    },
    {
      name: "reads titles",
      matches: async (answer) => {
        const { recall, precision } = await scoreDetector((example) => answer(withoutTitles(example)));
        const before = await scoreDetector(answer);
        return precision.estimate + recall.estimate > before.precision.estimate + before.recall.estimate + 0.1;
      },
      message:
        "The words you look for also stand in task titles: 'Update incident report' is the name of a task, not an update. " +
        "Take what is in quotes out of the text before you look.",
    },
  ],
  because: async (answer) => `On 600 rows of another seed: ${describe(await scoreDetector(answer))}. Two cheap rules that disagree with a label are worth a second look at the row.`,
};

const TITLES = /“[^”]*”|‘[^’]*’(?!\w)|"[^"]*"|(?<![\w])'.*?'(?!\w)/g;

function withoutTitles(example: Example): Example {
  return { ...example, messages: example.messages.map((message) => ({ ...message, content: message.content?.replace(TITLES, "_") ?? null })) };
}
