/** The exercises of lesson 61.3, "When to Fine-Tune (Decision Framework)". */
import type { Exercise, Misconception } from "../course/check.js";
import { decideApproach, type Approach, type UseCaseInput } from "../decision/index.js";
import { functionAnswer } from "./kinds/function.js";

/** The five teams of the lesson, as facts; what their texts leave open is left open. */
export const TEAMS = {
  news: {
    name: "news", requestsPerDay: 500, kindsOfRequest: 1, format: "free", wantedScore: 0.95, heldOut: 200, examples: 0, dataMayLeave: true,
    promptScore: 0.7, promptVersions: 5, knowledgeFailures: 0.9, knowledgeTokens: 5_000_000, answersChangeDays: 1,
  },
  invoices: {
    name: "invoices", requestsPerDay: 2000, kindsOfRequest: 1, format: "schema", wantedScore: 0.95, heldOut: 400, examples: 0, dataMayLeave: true,
    promptScore: 0.975, promptVersions: 4, apiDollarsPerRequest: 0.0002, serverDollarsPerMonth: 300, setupDollars: 200,
  },
  support: {
    name: "support", requestsPerDay: 300, kindsOfRequest: 4, format: "style", wantedScore: 0.9, heldOut: 300, examples: 900, dataMayLeave: true,
    promptScore: 0.78, promptVersions: 6, formatFailures: 0.9,
  },
  lawyers: { name: "lawyers", requestsPerDay: 50, kindsOfRequest: 1, format: "free", wantedScore: 0.9, heldOut: 0, examples: 0, dataMayLeave: true },
  triage: {
    name: "triage", requestsPerDay: 1000, kindsOfRequest: 12, format: "schema", wantedScore: 0.95, heldOut: 300, examples: 5000, dataMayLeave: true,
    promptScore: 0.85, promptVersions: 5, answersChangeDays: 14,
  },
} as const satisfies Record<string, UseCaseInput>;
export type Team = keyof typeof TEAMS;
export type TeamAdvice = Record<Team, Approach>;

const names = Object.keys(TEAMS) as Team[];

export const teamsExercise: Exercise<TeamAdvice> = {
  id: "61.3/teams",
  kind: "choice",
  hints: [
    "For each team ask the questions of section 4 in order: is there an exam, is the goal missed, and what are the failures made of?",
    "A team without an exam cannot be told anything yet. A failure for want of a fact is not one of behaviour. A schema can be enforced. A goal that is reached needs nothing.",
    "news fails for want of facts; invoices reach their goal; support fails by behaviour and has examples; lawyers have no exam; triage would be trained for queues that are gone in two weeks.",
  ],
  fault: (advice) => {
    const missing = names.find((team) => advice[team] === undefined);
    if (missing !== undefined) return `There is no answer for ${missing}.`;
    const wrong = names.find((team) => advice[team] !== decideApproach(TEAMS[team]).approach);
    if (wrong === undefined) return undefined;
    const { reasons } = decideApproach(TEAMS[wrong]);
    return `${wrong}: "${advice[wrong]}" overlooks a fact. ${reasons[0]?.fact} (${reasons[0]?.value}): ${reasons[0]?.because}.`;
  },
  misconceptions: [
    {
      name: "knowledge is trained in",
      matches: ({ news }) => news === "fine-tune" || news === "fine-tune + rag",
      message: "news: what was trained yesterday does not know today's paper. Nine of ten failures lack a fact that stands in the archive, so looking it up lifts 70% to at most 97%, which is enough: retrieval, and no training.",
    },
    {
      name: "schema needs training",
      matches: ({ invoices }) => invoices === "fine-tune",
      message: "invoices: 97.5% is more than the goal, and the schema can be enforced while the answer is written. 2,000 requests a day at $0.0002 are $12 a month: no server is that cheap.",
    },
    {
      name: "style by prompt",
      matches: ({ support }) => support === "prompt" || support === "rag",
      message: "support: six prompts were measured, and the best is 12 points short. The failures are tone and form, which no document holds and no grammar enforces. Behaviour is what examples teach, and 900 are there.",
    },
    {
      name: "decided without an exam",
      matches: ({ lawyers }) => lawyers !== "not yet",
      message: "lawyers: nobody knows what a prompt reaches, so whatever you recommend, nobody could see whether it helped. That a competitor trained a model is no fact about this use case. First an exam.",
    },
    {
      name: "rules that change are trained",
      matches: ({ triage }) => triage.startsWith("fine-tune"),
      message: "triage: the gap is real, and the training would be for queues that are gone in two weeks. The list of queues belongs into the prompt, where it can be changed on the day.",
    },
  ],
  because: "Each answer rests on a fact that somebody measured: what the failures lack, whether the goal is reached, whether there is an exam, how long the rules hold. The names of the techniques did not come into it.",
};

/** What an own model costs and saves. Dollars; a month has 30 days, and one server is enough. */
export interface Prices {
  apiDollarsPerRequest: number;
  serverDollarsPerMonth: number;
  operationsDollarsPerMonth: number;
  /** Spent once. */
  setupDollars: number;
  /** Within how many months it must be back. */
  paybackMonths: number;
}
export type RequestsThatPay = (prices: Prices) => number;

const PRICES: readonly Prices[] = [
  { apiDollarsPerRequest: 0.003, serverDollarsPerMonth: 300, operationsDollarsPerMonth: 0, setupDollars: 200, paybackMonths: 12 },
  { apiDollarsPerRequest: 0.0005, serverDollarsPerMonth: 150, operationsDollarsPerMonth: 400, setupDollars: 900, paybackMonths: 6 },
  { apiDollarsPerRequest: 0.02, serverDollarsPerMonth: 600, operationsDollarsPerMonth: 1000, setupDollars: 2000, paybackMonths: 1 },
];

const rounded = (value: number): number => Math.ceil(value - 1e-9);
const monthly = ({ serverDollarsPerMonth, operationsDollarsPerMonth, setupDollars, paybackMonths }: Prices): number => serverDollarsPerMonth + operationsDollarsPerMonth + setupDollars / paybackMonths;

/** The lowest volume at which `decideApproach` has the setup back in time: by its own money, not by the formula of the exercise. */
function wanted(prices: Prices): number {
  const pays = (requestsPerDay: number): boolean => {
    const { paybackMonths, ...facts } = prices;
    const { money } = decideApproach({ name: "exercise", requestsPerDay, kindsOfRequest: 1, format: "free", wantedScore: 0.9, heldOut: 0, examples: 1000, dataMayLeave: true, ...facts }).evidence;
    return money?.paybackDays !== undefined && money.paybackDays <= paybackMonths * 30 * (1 + 1e-9);
  };
  let [no, yes] = [0, 1];
  while (!pays(yes)) [no, yes] = [yes, yes * 2];
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (pays(middle)) yes = middle;
    else no = middle;
  }
  return yes;
}

const always = (formula: RequestsThatPay) => (answer: RequestsThatPay): boolean => PRICES.every((prices) => Math.abs(answer(prices) - formula(prices)) <= 1);

const PAYING_MISTAKES: readonly Misconception<RequestsThatPay>[] = [
  {
    name: "setup forgotten",
    matches: always(({ apiDollarsPerRequest, serverDollarsPerMonth, operationsDollarsPerMonth }) => rounded((serverDollarsPerMonth + operationsDollarsPerMonth) / apiDollarsPerRequest / 30)),
    message: "At that volume the server costs what the API would, and not a cent is saved: the setup never comes back. Each month must also return setupDollars ÷ paybackMonths.",
  },
  {
    name: "operations forgotten",
    matches: always((prices) => rounded(monthly({ ...prices, operationsDollarsPerMonth: 0 }) / prices.apiDollarsPerRequest / 30)),
    message: "The second case has people and tools for $400 a month, and your volume does not pay them. A model of your own is operated by somebody: add operationsDollarsPerMonth.",
  },
  {
    name: "server forgotten",
    matches: always((prices) => rounded(prices.setupDollars / prices.apiDollarsPerRequest / (30 * prices.paybackMonths))),
    message: "You divide the setup by the whole API price, as if answers were free once trained. What is saved is the API's bill less the server and its operation. That error makes ten days out of months, and months out of never.",
  },
  {
    name: "a month's requests",
    matches: always((prices) => rounded(monthly(prices) / prices.apiDollarsPerRequest)),
    message: "That is the number for a month, thirty times what was asked: requests a day.",
  },
  {
    name: "setup every month",
    matches: always((prices) => rounded((monthly({ ...prices, setupDollars: 0 }) + prices.setupDollars) / prices.apiDollarsPerRequest / 30)),
    message: "You charge the whole setup to every month. It is spent once and may come back over paybackMonths: divide it by them.",
  },
  {
    name: "rounded down",
    matches: (answer) => PRICES.every((prices) => [0, 1].includes(wanted(prices) - answer(prices))) && PRICES.some((prices) => answer(prices) < wanted(prices)),
    message: "One request a day too few: at that volume it is not back in time, by a hair. Round up.",
  },
];

export const payingRequests: Exercise<RequestsThatPay> = {
  id: "61.3/requests",
  hints: [
    "Write down what a month costs without the API, and what part of the setup must come back each month.",
    "Per month: server + operations + setup ÷ paybackMonths. The API's bill for a month must be at least that.",
    "Requests a month = that sum ÷ apiDollarsPerRequest; a day has a thirtieth of them; round up.",
  ],
  ...functionAnswer<RequestsThatPay>({
    cases: PRICES.map((prices) => ({ given: [prices] })),
    right: wanted,
    tell: ([prices], result, right) => `With ${JSON.stringify(prices)} it pays from ${right.toLocaleString("en-US")} requests a day; you say ${typeof result === "number" ? result.toLocaleString("en-US") : String(result)}.`,
    misconceptions: PAYING_MISTAKES,
  }),
  because: "The API's bill must carry three things each month: the server, the people who run it, and the month's part of what was spent once. Below your number money speaks against training, however large it is.",
};
