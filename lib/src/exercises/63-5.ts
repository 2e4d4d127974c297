/** The exercises of lesson 63.5, "Synthetic Data Generation". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** How many requests to send so that about `wanted` rows are kept. */
export type RequestsNeeded = (wanted: number, kept: number, batch: number) => number;

const REQUEST_CASES: readonly [wanted: number, kept: number, batch: number][] = [
  [500, 0.87, 5],
  [100, 0.5, 10],
  [90, 0.9, 5],
  [7, 1, 5],
  [1, 0.3, 8],
];
const right: RequestsNeeded = (wanted, kept, batch) => Math.ceil(Math.ceil(wanted / kept - 1e-9) / batch);

export const requestsNeeded: Exercise<RequestsNeeded> = {
  id: "63.5/requests-needed",
  hints: [
    "Suppose that half of the rows are kept. How many must be generated for 100 good ones: 150 or 200?",
    "First the number of rows to generate, from wanted and the share that is kept; then the number of requests, from the rows that each brings. Both are whole numbers: which way do you round?",
  ],
  ...functionAnswer<RequestsNeeded>({
    cases: REQUEST_CASES.map((given) => ({ given })),
    right,
    tell: ([wanted, kept, batch], given, expected) =>
      `For ${wanted} good rows, ${Math.round(100 * kept)}% of them kept, ${batch} a request, it takes ${expected} requests; your function says ${String(given)}.`,
    misconceptions: [
      {
        name: "rounded down",
        matches: (answer) => REQUEST_CASES.some(([wanted, kept, batch]) => answer(wanted, kept, batch) < right(wanted, kept, batch)) &&
          REQUEST_CASES.every(([wanted, kept, batch]) => Math.abs(answer(wanted, kept, batch) - wanted / kept / batch) < 1),
        message: "You round down, and end a few rows short. A request cannot be sent in part: round up.",
      },
    ],
    mistakes: [
      {
        name: "yield forgotten",
        gives: (wanted, _kept, batch) => Math.ceil(wanted / batch),
        message: "You ask for as many rows as you want to keep. The filters take their share, so ask for more: wanted divided by the share that is kept.",
      },
      {
        name: "multiplied",
        gives: (wanted, kept, batch) => Math.ceil((wanted * kept) / batch),
        message: "You multiply by the share that is kept, so the worse the filters, the less you ask for. Divide by it.",
      },
      {
        name: "added",
        gives: (wanted, kept, batch) => Math.ceil((wanted * (2 - kept)) / batch),
        message: "You add the lost share on top: 13% more for a loss of 13%. But the rows you add are filtered too. Divide by the share that is kept.",
      },
      {
        name: "rows instead of requests",
        gives: (wanted, kept) => Math.ceil(wanted / kept - 1e-9),
        message: "That is the number of rows to generate. Each request brings `batch` of them: divide once more.",
      },
    ],
  }),
  because: "Generate wanted / kept rows, in whole requests. The share that is kept comes from a pilot, not from hope.",
};

/** What several answers say in common: the fields that enough of them agree on, all in one answer; else undefined. */
export type Agreed = (answers: readonly Readonly<Record<string, string>>[], least: number) => Readonly<Record<string, string>> | undefined;

type Answers = Readonly<Record<string, string>>[];
interface AgreementCase {
  what: string;
  answers: Answers;
  least: number;
  agreed: boolean;
}
const milk = { operation: "create", due: "2026-11-27" };
const AGREEMENT_CASES: readonly AgreementCase[] = [
  { what: "three equal answers", answers: [milk, milk, milk], least: 2, agreed: true },
  { what: "two of three", answers: [milk, { operation: "create", due: "2026-11-28" }, milk], least: 2, agreed: true },
  { what: "the same fields in another order", answers: [milk, { due: "2026-11-27", operation: "create" }, { operation: "list", due: "" }], least: 2, agreed: true },
  {
    what: "four different answers", least: 2, agreed: false,
    answers: [
      { operation: "create", due: "2026-11-28" }, { operation: "create", due: "2026-11-29" },
      { operation: "update", due: "2026-11-27" }, { operation: "delete", due: "2026-11-27" },
    ],
  },
  { what: "too few that agree", answers: [milk, milk, { operation: "list", due: "" }], least: 3, agreed: false },
  { what: "no answers", answers: [], least: 1, agreed: false },
];

const keyOf = (answer: Readonly<Record<string, string>>) => JSON.stringify(Object.entries(answer).sort(([a], [b]) => (a < b ? -1 : 1)));
const agrees = (answer: Agreed, { answers, least }: AgreementCase) => {
  const given = answer(structuredClone(answers), least);
  return given !== undefined && keyOf(given) === keyOf(milk);
};
const caseOf = (what: string) => AGREEMENT_CASES.find((one) => one.what === what) as AgreementCase;

export const selfConsistency: Exercise<Agreed> = {
  id: "63.5/self-consistency",
  kind: "function",
  hints: [
    "Two answers agree when all of their fields do. What could you make of a whole answer so that two equal ones become the same text, whatever the order of their fields?",
    "Sort the fields by name, make text of them, and count how often each text occurs.",
    "Take the text that occurs most often, and look at its count before you give its answer back. When it is below least, or when there are no answers, nothing is agreed.",
  ],
  fault: (answer) => {
    for (const given of AGREEMENT_CASES) {
      const { what, answers, least, agreed } = given;
      const said = answer(structuredClone(answers), least);
      if (agreed && (said === undefined || keyOf(said) !== keyOf(milk))) return `With ${what}, and at least ${least} needed, the answer is ${JSON.stringify(milk)}; your function says ${JSON.stringify(said)}.`;
      if (!agreed && said !== undefined) return `With ${what}, and at least ${least} needed, nothing is agreed; your function says ${JSON.stringify(said)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "field by field",
      matches: (answer) => agrees(answer, caseOf("four different answers")),
      message: "You vote on each field alone, and so put together an answer that nobody gave. Answers agree when all of their fields do.",
    },
    {
      name: "the most frequent, however rare",
      matches: (answer) => answer(structuredClone(caseOf("four different answers").answers), 2) !== undefined || agrees(answer, caseOf("too few that agree")),
      message: "You return the most frequent answer even when too few gave it. That is the case this filter exists for: where the model contradicts itself, keep nothing.",
    },
    {
      name: "order of the fields",
      matches: (answer) => agrees(answer, caseOf("two of three")) && !agrees(answer, caseOf("the same fields in another order")),
      message: "You compare the JSON text, so {a, b} and {b, a} differ. A model writes its fields in any order: compare field by field, or sort the keys first.",
    },
    {
      name: "all of them",
      matches: (answer) => agrees(answer, caseOf("three equal answers")) && !agrees(answer, caseOf("two of three")),
      message: "You ask all answers to agree. `least` says how many are enough; with three answers, two may do.",
    },
  ],
  because: "A whole answer, given often enough: one slip does not cost the row, and a model that cannot make up its mind does.",
};
