/** The exercises of lesson 61.5, "Economics of Custom Models". */
import type { Exercise } from "../course/check.js";
import { numberAnswer, type NumberAnswer } from "./kinds/number.js";
import { readQuantity } from "./kinds/units.js";

/** An own model in place of an API, in dollars. */
export interface Project {
  setup: number;
  monthsToBuild: number;
  apiPerMonth: number;
  ownPerMonth: number;
}
/** Months from the first day of work until the setup is paid back; `Infinity` where it never is. */
export type Payback = (project: Project) => number;

const PROJECTS: readonly Project[] = [
  { setup: 200, monthsToBuild: 0, apiPerMonth: 900, ownPerMonth: 300 },
  { setup: 6000, monthsToBuild: 2, apiPerMonth: 4000, ownPerMonth: 1000 },
  { setup: 1500, monthsToBuild: 1, apiPerMonth: 500, ownPerMonth: 400 },
  { setup: 1000, monthsToBuild: 1, apiPerMonth: 300, ownPerMonth: 800 },
  { setup: 1000, monthsToBuild: 1, apiPerMonth: 300, ownPerMonth: 300 },
];
// A tolerance relative to Infinity would let every number through.
const near = (a: unknown, b: number): boolean => typeof a === "number" && (a === b || (Number.isFinite(b) && Math.abs(a - b) <= 1e-9 + 1e-6 * Math.abs(b)));
const truePayback: Payback = ({ setup, monthsToBuild, apiPerMonth, ownPerMonth }) => {
  const saved = apiPerMonth - ownPerMonth;
  return saved > 0 ? monthsToBuild + setup / saved : Infinity;
};
const saves = ({ apiPerMonth, ownPerMonth }: Project): boolean => apiPerMonth > ownPerMonth;
/** Whether the answer makes a mistake in every project that pays; what it says of the others is another matter. */
const pays = (mistaken: Payback) => (answer: Payback): boolean => PROJECTS.filter(saves).every((project) => near(answer({ ...project }), mistaken(project)));
const money = (dollars: number): string => `$${dollars.toLocaleString("en-US")}`;

export const paybackExercise: Exercise<Payback> = {
  id: "61.5/payback",
  kind: "function",
  hints: [
    "What is saved in one month? Look at section 1, and at what happens before the model is there.",
    "The setup divided by the monthly saving gives months. They begin when the model is built.",
    "With saved = apiPerMonth − ownPerMonth: monthsToBuild + setup / saved where saved is above 0, else Infinity.",
  ],
  fault: (answer) => {
    for (const project of PROJECTS) {
      const [given, expected] = [answer({ ...project }), truePayback(project)];
      if (!near(given, expected)) {
        const { setup, monthsToBuild, apiPerMonth, ownPerMonth } = project;
        return `Setup ${money(setup)}, ${monthsToBuild} months to build, API ${money(apiPerMonth)} and own ${money(ownPerMonth)} a month: ${Number.isFinite(expected) ? `${expected.toFixed(2)} months` : "never, so Infinity"}. Your function gives ${String(given)}.`;
      }
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "upside down",
      matches: pays(({ setup, monthsToBuild, apiPerMonth, ownPerMonth }) => monthsToBuild + (apiPerMonth - ownPerMonth) / setup),
      message: "Your fraction is upside down, like the plan's: saving ÷ setup says how many paybacks there are in a month. Months are setup ÷ saving.",
    },
    {
      name: "whole bill saved",
      matches: pays(({ setup, monthsToBuild, apiPerMonth }) => monthsToBuild + setup / apiPerMonth),
      message: "You divided by the whole API bill. Your own model has to be paid each month too, so only the difference is saved.",
    },
    {
      name: "building takes no time",
      matches: pays(({ setup, apiPerMonth, ownPerMonth }) => setup / (apiPerMonth - ownPerMonth)),
      message: "Right from the day the model runs. The months before it are missing: while you build, the API is paid as before and nothing comes back.",
    },
    {
      name: "days",
      matches: (answer) => [30, 365 / 12].some((days) => pays((project) => truePayback(project) * days)(answer) || pays(({ monthsToBuild, ...project }) => monthsToBuild + truePayback({ ...project, monthsToBuild: 0 }) * days)(answer)),
      message: "That is in days. The function is to return months, and the months to build are months already.",
    },
    {
      name: "never is not a number below zero",
      matches: (answer) => pays(truePayback)(answer) && PROJECTS.filter((project) => !saves(project)).some((project) => answer({ ...project }) < project.monthsToBuild || Number.isNaN(answer({ ...project }))),
      message: "Right where something is saved. Where the own model costs more, your function gives a negative number of months, as if the money had come back before it was spent. It never does: return Infinity.",
    },
  ],
  because: "Money comes back as fast as it is saved, from the day the model runs: building time plus setup ÷ (API − own), and never where the difference is not above zero.",
};

const CARD = { hour: 0.8, perSecond: 2, perDay: 20_000 };
const RIGHT_THOUSAND = (CARD.hour * 24) / (CARD.perDay / 1000);
/** Whether an answer, as a number of dollars or as text with its unit, is so many dollars. */
const dollarsAs = (expected: number) => (answer: NumberAnswer): boolean => {
  const read = typeof answer === "string" ? readQuantity(answer, "$") : { ok: true as const, value: answer };
  return read.ok && Math.abs(read.value - expected) <= 0.01 * expected;
};

export const thousandRequests: Exercise<NumberAnswer> = {
  id: "61.5/thousand-requests",
  hints: [
    "What does the card cost in a day, and what does it do in that day?",
    "The rate of 2 requests a second says whether the card is enough. It does not change the bill.",
    "A day costs 24 × $0.80 and serves 20 times 1,000 requests.",
  ],
  ...numberAnswer({
    value: RIGHT_THOUSAND, unit: "$", tolerance: { relative: 0.01 }, what: "The price of 1,000 requests",
    misconceptions: [
      {
        name: "always busy",
        matches: dollarsAs((1000 * CARD.hour) / 3600 / CARD.perSecond),
        message: "That is the price at full load. 20,000 requests a day keep this card busy for 12% of the time; the other 88% are on the bill too.",
      },
      {
        name: "one hour a day",
        matches: dollarsAs(CARD.hour / (CARD.perDay / 1000)),
        message: "You spread one hour's price over a whole day's requests. The card is rented for all 24 hours.",
      },
      {
        name: "one request",
        matches: dollarsAs(RIGHT_THOUSAND / 1000),
        message: "That is the price of one request. Asked is that of a thousand.",
      },
      {
        name: "utilisation on the wrong side",
        matches: dollarsAs(((1000 * CARD.hour) / 3600 / CARD.perSecond) * (CARD.perDay / (CARD.perSecond * 86_400))),
        message: "You multiplied the full-load price by the utilisation. A card that sleeps makes each request dearer: divide by it.",
      },
      {
        name: "the whole day",
        matches: dollarsAs(CARD.hour * 24),
        message: "That is what the card costs in a day, for 20,000 requests. Asked is the price of 1,000 of them.",
      },
    ],
  }),
  because: "24 × $0.80 = $19.20 a day for twenty thousands: $0.96. At full load it would be $0.11; the difference is paid for a card that waits.",
};

export type CostKind = "once" | "monthly" | "per request" | "both sides";

const COST_CASES = {
  "the rented GPU that serves the model": "monthly",
  "tokens of the API": "per request",
  "reading 500 training rows before the first run": "once",
  "retraining every quarter": "monthly",
  "reading a sample of the answers that users got": "both sides",
} as const satisfies Record<string, CostKind>;
type CostCase = keyof typeof COST_CASES;
export type CostKinds = Readonly<Record<CostCase, CostKind>>;

const COST_NAMES = Object.keys(COST_CASES) as CostCase[];
const COST_WHY: Readonly<Record<CostCase, string>> = {
  "the rented GPU that serves the model": "It is billed by the hour, with or without requests.",
  "tokens of the API": "No request, no tokens, no bill.",
  "reading 500 training rows before the first run": "It is done before anything runs, and not again.",
  "retraining every quarter": "It comes back, a third of it each month, as long as the model lives.",
  "reading a sample of the answers that users got": "Somebody has to look at answers, whoever's model wrote them.",
};

export const costKinds: Exercise<CostKinds> = {
  id: "61.5/cost-kinds",
  kind: "choice",
  hints: [
    "Ask of each: what happens to it in a month without any requests? And what, if you stay with the API?",
    "Two of the five come back every month however few requests there are. One you would pay with the API as well.",
    "A GPU is rented by the hour, not by the request; retraining comes back for as long as the model lives.",
  ],
  fault: (answer) => {
    const wrong = COST_NAMES.find((name) => answer[name] !== COST_CASES[name]);
    return wrong === undefined ? undefined : `"${wrong}" is not "${String(answer[wrong])}". ${COST_WHY[wrong]}`;
  },
  misconceptions: [
    {
      name: "server by the request",
      matches: (answer) => answer["the rented GPU that serves the model"] === "per request",
      message: "A rented GPU is paid by the hour. With half of the requests each of them costs twice as much, which is the trap in the plan's second formula.",
    },
    {
      name: "trained once and for all",
      matches: (answer) => answer["retraining every quarter"] === "once",
      message: "A model that is trained once is a photograph: requests change, the API of the tasks changes. What comes back every quarter is a monthly cost, a third of it each month.",
    },
    {
      name: "API by the month",
      matches: (answer) => answer["tokens of the API"] === "monthly",
      message: "The bill comes every month, but it is counted in tokens: a month without requests costs nothing. That is what an API sells, and a server does not.",
    },
    {
      name: "only one's own is checked",
      matches: (answer) => answer["reading a sample of the answers that users got"] === "monthly",
      message: "It is paid each month, but not only for the own model: answers of an API must be read too. A cost on both sides does not speak for either.",
    },
    {
      name: "data forgotten in each month",
      matches: (answer) => answer["reading 500 training rows before the first run"] === "monthly",
      message: "These rows are read before the first run, once. New rows for the next training belong to the retraining, which has its own line.",
    },
  ],
  because: "Once: it is gone before the first request. Monthly: it comes back whatever the volume. Per request: it follows the volume. On both sides: it does not count for the decision.",
};
