// ---
// chapter: 61
// lesson: 5
// title: Economics of Custom Models
// layer: Layer 1 (Conceptual Foundation)
// minutes: 45
// concepts:
//   - Training cost components (compute, data preparation, iteration)
//   - Inference cost comparison (API vs self-hosted)
//   - Break-even analysis
//   - Hidden costs (maintenance, monitoring, updates)
// maps: User Story 2 (replace expensive API calls)
// prerequisites: lesson 61.4, or what a training run costs
// ---

// %% [markdown]
// "Our API bill is 900 dollars a month. We train a model for 200, serve it for 300, and have the money back in three months." This plan
// for the Task API is real: it stood in the draft of this course. Its result is wrong by a factor of nine, and its inputs are worse than its
// result. In this lesson you compute it again, replace each input by one that you can defend, and end with a sheet for your own
// project: what it costs, when it pays, and which assumption has to be false for the answer to turn.

// %% [markdown]
// ## 1. The payback, by hand
//
// Money comes back as fast as it is saved. What is saved in a month is the API's bill less what the own model costs in a month; the setup
// divided by that is the payback. The plan has another formula, with requests: setup ÷ (API cost − own cost of one request). Both:

// %%
import { check, showChart, showTable, todo } from "llmops/course";

const plan = { setup: 200, api: 900, own: 300, requestsPerDay: 10_000, daysPerMonth: 30 };
const savedPerMonth = plan.api - plan.own;
const requestsPerMonth = plan.requestsPerDay * plan.daysPerMonth;
const savedPerRequest = plan.api / requestsPerMonth - plan.own / requestsPerMonth;
const paybackMonths = plan.setup / savedPerMonth;
const paybackRequests = plan.setup / savedPerRequest;
console.log(`By months:   ${plan.setup} ÷ (${plan.api} − ${plan.own}) = ${paybackMonths.toFixed(2)} months`);
console.log(`             that is ${(paybackMonths * plan.daysPerMonth).toFixed(0)} days`);
console.log(`By requests: ${plan.setup} ÷ ${savedPerRequest.toFixed(3)} = ${Math.round(paybackRequests).toLocaleString("en-US")} requests`);
console.log(`             that is ${(paybackRequests / plan.requestsPerDay).toFixed(0)} days`);
console.log(`The plan's 3: ${savedPerMonth} ÷ ${plan.setup} = ${savedPerMonth / plan.setup}`);

// %% [markdown]
// Ten days, both ways. The plan's 3 is the fraction upside down: not three months for one payback, but three paybacks a month. The
// units would have told: dollars a month ÷ dollars is "per month", no number of months.
//
// The second formula has a trap of its own. It treats the own model's cost as so much a request. An API is paid by the request; a
// server is paid by the month, whether requests come or not. Move the volume, and the two part:

// %%
const fixedOwn = plan.own;
showTable(
  [1_000, 2_500, 5_000, 10_000, 20_000].map((perDay) => {
    const api = (plan.api / requestsPerMonth) * perDay * plan.daysPerMonth;
    const saved = api - fixedOwn;
    return {
      "requests a day": perDay,
      "API ($ a month)": api,
      "server ($ a month)": fixedOwn,
      "days by the formula": Math.round(paybackRequests / perDay),
      "days in truth": saved > 0 ? Math.round((plan.setup / saved) * plan.daysPerMonth) : "never",
    };
  }),
  { decimals: 0 },
);

// %% [markdown]
// ### Exercise: months to pay back
//
// Write it once and for all. While the model is built, the API is still paid and nothing is saved. Return the months from the first day of
// work until the setup is paid back, and `Infinity` where it never is.

// %%
import { paybackExercise, type Project } from "llmops/exercises/61-5";

function monthsUntilPaidBack(project: Project): number {
  // BEGIN SOLUTION
  const saved = project.apiPerMonth - project.ownPerMonth;
  return saved > 0 ? project.monthsToBuild + project.setup / saved : Infinity;
  // STUB
  // return todo(); // project: { setup, monthsToBuild, apiPerMonth, ownPerMonth }, in dollars, months, dollars a month
  // END SOLUTION
}
await check(paybackExercise, monthsUntilPaidBack);

// %% [markdown]
// ## 2. What a request costs through an API
//
// The plan says 0.003 dollars a request with gpt-4o-mini. Count instead. Take the first 500 requests that chapter 64 trains on, with the
// system prompt and the five tools, in tokens of o200k. The tools are counted as OpenAI's cookbook counts them; lessons 61.1 and 61.3
// counted their JSON as text, which is some 110 tokens more.

// %%
import { countTokens, parseRow } from "llmops/data";
import { readTaskCalls, taskRow } from "llmops/evaluate";
import { costOf, findPrice } from "llmops/teacher";

const sizes = readTaskCalls("train").slice(0, 500).flatMap((call) => {
  const parsed = parseRow("messages", taskRow(call));
  if (!parsed.ok) return [];
  const { example } = parsed;
  const prompt = countTokens({ ...example, messages: example.messages.slice(0, -1) });
  return [{ prompt, answer: countTokens(example) - prompt }];
});
const meanOf = (key: "prompt" | "answer") => sizes.reduce((sum, size) => sum + size[key], 0) / sizes.length;
const request = { promptTokens: Math.round(meanOf("prompt")), answerTokens: Math.round(meanOf("answer")) };
console.log(`A request of the Task API: ${request.promptTokens} tokens to read, ${request.answerTokens} to write (mean of ${sizes.length}).`);

const DAYS = 365 / 12;
const sol = {
  input: 2, cachedInput: 0.1, output: 10, read: "2026-11-21",
  source: "https://developers.openai.com/api/docs/models; cached input: release v0.3.3 of github.com/premk134/codex-token-watch",
};
const apis = [
  ...["gpt-6-luna", "gpt-4o-mini"].map((model) => ({ model, price: findPrice(model)! })),
  { model: "gpt-6.1-sol", price: sol },
];
const apiRequest = (price: (typeof apis)[number]["price"], { promptTokens, answerTokens }: typeof request) =>
  costOf({ input: promptTokens, cachedInput: 0, cacheWrite: 0, output: answerTokens }, price);
showTable(
  apis.map(({ model, price }) => ({
    model,
    "$ a million in / out": `${price.input} / ${price.output}`,
    "$ a request": apiRequest(price, request).toFixed(6),
    "$ a month": apiRequest(price, request) * plan.requestsPerDay * DAYS,
    "prompt for $0.003 (tokens)": Math.round((0.003e6 - request.answerTokens * price.output) / price.input),
    read: price.read,
  })),
  { decimals: 0, caption: `${plan.requestsPerDay.toLocaleString("en-US")} requests a day` },
);
for (const { model, price } of apis) console.log(`${model}: ${price.source}`);

// %% [markdown]
// Nobody who sends this request pays 900 dollars a month. On the small models it is less than 20, and there is next to nothing to save.
// (And gpt-4o-mini is switched off in January 2027: see section 5.) 0.003 dollars can still be a real price: it is what a request costs
// when the task needs a large model and a prompt of some 1,400 tokens, with instructions and examples, because a small model without
// them does it badly.
//
// So there are two cases, and the rest of the lesson carries both:
//
// - **cheap**: the request as it is, on the small model;
// - **dear**: the large model with the long prompt. Your own model replaces both: it has learnt the instructions and reads the short
//   prompt. Whether it is as good is a question for an evaluation, not for this lesson.

// %%
const dear = { promptTokens: Math.round((0.003e6 - request.answerTokens * sol.output) / sol.input), answerTokens: request.answerTokens };
const perRequest = { cheap: apiRequest(findPrice("gpt-6-luna")!, request), dear: apiRequest(sol, dear) };
console.log(`cheap: $${perRequest.cheap.toFixed(6)} a request; dear: $${perRequest.dear.toFixed(6)}, ${(perRequest.dear / perRequest.cheap).toFixed(0)} times as much`);

// %% [markdown]
// ## 3. What a request costs on a card of your own
//
// How many requests can a card answer? `servingRate` takes the roofline that lesson 62.7 explains: reading is bound by compute, writing
// by memory. It gives a range, and leaves out what a server needs besides. Hold its second half, writing, against what others measured
// of Llama-3.1-8B in 16 bit with vLLM.

// %%
import { decodeRate, findModel, GPUS } from "llmops/compute";

const llama = findModel("Llama-3-8B").shape;
const measured = [
  { gpu: "a100-40", batch: 1, tokens: 75 },
  { gpu: "h100", batch: 1, tokens: 122.2 },
  { gpu: "h100", batch: 4, tokens: 580.3 },
  { gpu: "h100", batch: 16, tokens: 1384.2 },
  { gpu: "h100", batch: 64, tokens: 1312.3 },
] as const;
showTable(
  measured.map(({ gpu, batch, tokens }) => {
    const { low, high } = decodeRate(llama, "bf16", GPUS[gpu], { context: 512, batch });
    const verdict = tokens < low ? "below" : tokens > high ? "above" : "inside";
    return { card: GPUS[gpu].name, "at a time": batch, "computed (tokens/s)": `${low.toFixed(0)} to ${high.toFixed(0)}`, measured: tokens, verdict };
  }),
  { decimals: 1, caption: "Writing answers: computed, and measured by others" },
);
console.log("A100: https://johnmusgrave.com/p/vllm-throughput-latency-sweep-on (vLLM 0.23.0)");
console.log("H100: https://yobitelcomm.github.io/bench/recipes/concurrency-sweep/ (vLLM 0.21.0, 2026-05-16)");

// %% [markdown]
// With few requests at a time the range holds. With 64, that server reached a quarter of what memory would allow, or less: something
// else was the limit. So plan with 8 at a time and the slow end, and measure before you count on more. Then divide the card's price by
// what it really serves:

// %%
import { costPerRequest, planInference, judgeFit, RENTS, servingRate, type RentName } from "llmops/compute";

const AT_A_TIME = 8;
const storageOn = { t4: "awq-int4", l4: "bf16", "a100-80": "bf16", h100: "bf16" } as const;
const servers = (["t4-aws", "l4-aws", "a100-runpod", "h100-runpod"] as const satisfies readonly RentName[]).map((name) => {
  const { gpu, dollarsPerHour, offer } = RENTS[name];
  const storage = storageOn[gpu];
  const memory = planInference({ model: llama, storage, context: request.promptTokens + request.answerTokens, batch: AT_A_TIME, gpu });
  const rate = servingRate(llama, storage, GPUS[gpu], request, AT_A_TIME);
  return { name, gpu, offer, dollarsPerHour, storage, rate, fits: judgeFit(memory, GPUS[gpu].usableBytes, gpu).fits };
});
const thousand = (rate: (typeof servers)[number]["rate"], dollarsPerHour: number, utilisation: number) =>
  1000 * costPerRequest(rate, dollarsPerHour, utilisation).high; // the slow end is the dear end
showTable(
  servers.map(({ offer, storage, fits, dollarsPerHour, rate }) => {
    const utilisation = plan.requestsPerDay / (rate.low * 86_400);
    return {
      offer, storage, fits,
      "$ an hour": dollarsPerHour,
      "requests/s": `${rate.low.toFixed(1)} to ${rate.high.toFixed(1)}`,
      "$ for 1,000, always busy": thousand(rate, dollarsPerHour, 1),
      "busy at 10,000 a day (%)": 100 * utilisation,
      "$ for 1,000 then": thousand(rate, dollarsPerHour, utilisation),
    };
  }),
  { decimals: 3, caption: `Llama-3-8B, ${AT_A_TIME} requests at a time, the slow end of the range` },
);
console.log(`API, for 1,000: cheap $${(1000 * perRequest.cheap).toFixed(3)}, dear $${(1000 * perRequest.dear).toFixed(2)}`);

// %% [markdown]
// At 10,000 requests a day every card is asleep nine tenths of the time or more, and the sleeping hours are in the price. **Utilisation
// matters more than the card**: compare how much each of the two moves the price of 1,000 requests in the table. A provider of an API fills
// its cards with the requests of many customers; you have only yours.

// %% tags=["folded"]
// On logarithmic scales each line is straight, from 100 requests a day to a full card.
const curves = servers.flatMap(({ gpu, dollarsPerHour, rate }) =>
  [100, rate.low * 86_400].map((perDay) => {
    return { line: GPUS[gpu].name, perDay, dollars: thousand(rate, dollarsPerHour, perDay / (rate.low * 86_400)) };
  }),
);
const levels = (["cheap", "dear"] as const).map((name) => ({ name: `API, ${name}`, dollars: 1000 * perRequest[name] }));
await showChart(
  {
    title: "Dollars for 1,000 requests on one card",
    layer: [
      {
        data: { values: curves },
        mark: { type: "line", strokeWidth: 2 },
        encoding: {
          x: { field: "perDay", type: "quantitative", scale: { type: "log", domain: [100, 1e7] }, title: "requests a day", axis: { values: [100, 1000, 1e4, 1e5, 1e6, 1e7], format: ",~f" } },
          y: { field: "dollars", type: "quantitative", scale: { type: "log" }, title: "dollars", axis: { values: [0.01, 0.1, 1, 10, 100, 1000], format: ",~f" } },
          color: { field: "line", type: "nominal", sort: null, title: null },
        },
      },
      { data: { values: levels }, mark: { type: "rule", strokeDash: [6, 4], color: "#444444" }, encoding: { y: { field: "dollars", type: "quantitative" } } },
      {
        data: { values: levels },
        mark: { type: "text", align: "left", baseline: "bottom", dx: 4, dy: -3, color: "#222222", fontSize: 12 },
        encoding: { y: { field: "dollars", type: "quantitative" }, x: { datum: 100, type: "quantitative" }, text: { field: "name" } },
      },
    ],
  },
  `Dollars for 1,000 requests fall with the requests a day until a card is full: ${servers
    .map(({ gpu, dollarsPerHour, rate }) => `${GPUS[gpu].name} from ${thousand(rate, dollarsPerHour, 100 / (rate.low * 86_400)).toFixed(0)} at 100 a day to ${thousand(rate, dollarsPerHour, 1).toFixed(2)} when full`)
    .join("; ")}. The API stays at ${levels.map(({ name, dollars }) => `${dollars.toFixed(dollars < 1 ? 3 : 0)} (${name})`).join(" and ")}.`,
);

// %% [markdown]
// Look where the curves end: there the card is full, at the slow end of its range. Even then none is below the cheap API. Turn it round: so
// many requests a day the cheap API answers for the price of a card, and so many the card could answer.

// %%
showTable(
  servers.map(({ offer, dollarsPerHour, rate }) => {
    const bought = (dollarsPerHour * 24) / perRequest.cheap;
    const [slow, fast] = [rate.low * 86_400, rate.high * 86_400];
    return {
      offer,
      "the cheap API answers": Math.round(bought),
      "the card could, slow end": Math.round(slow),
      "fast end": Math.round(fast),
      "the card wins": bought < slow ? "when nearly full" : bought < fast ? "if it is fast, and nearly full" : "never",
    };
  }),
  { caption: "Requests a day for the price of a card" },
);

// %% [markdown]
// Hundreds of thousands of requests a day, on a card that never rests: that is the business of a provider, not of a task manager.
//
// ### Exercise: a thousand requests
//
// A card costs 0.80 dollars an hour and could answer 2 requests a second. 20,000 requests come each day. What do 1,000 requests cost?

// %%
import { thousandRequests } from "llmops/exercises/61-5";

let costOfThousand: number | string | undefined;
// BEGIN SOLUTION
costOfThousand = (0.8 * 24) / 20;
// STUB
// // costOfThousand = "$…";
// END SOLUTION
await check(thousandRequests, costOfThousand);

// %% [markdown]
// ## 4. Where the lines cross
//
// Now months. An API's bill is a straight line through zero. Your own is a staircase: a server is there for the first request, and the
// next one comes when the first is full. Full means at the busiest hour: here it is taken to have three times the mean traffic, so a
// server carries a third of its rate on average. First without people:

// %%
import { breakEven, costOfMonth, HOURS_A_MONTH, type BreakEvenInput } from "llmops/compute";

const PEAK = 3;
const l4 = servers.find(({ name }) => name === "l4-aws")!;
const h100 = servers.find(({ name }) => name === "h100-runpod")!;
// The library counts tokens. A request is the better unit here: both sides serve the same requests, with prompts of different lengths.
const asInput = (server: typeof l4, apiDollars: number, operations: number): BreakEvenInput => ({
  setupDollars: 0,
  serverDollarsPerMonth: server.dollarsPerHour * HOURS_A_MONTH,
  operationsDollarsPerMonth: operations,
  apiDollarsPerMillion: apiDollars * 1e6,
  capacityPerMonth: (server.rate.low * 3600 * HOURS_A_MONTH) / PEAK,
});
const crossing = (server: typeof l4, apiDollars: number, operations: number) => {
  const { tokensPerMonth } = breakEven(0, asInput(server, apiDollars, operations));
  return tokensPerMonth === undefined ? "never" : Math.round(tokensPerMonth / DAYS).toLocaleString("en-US");
};
showTable(
  [l4, h100].map((server) => ({
    server: server.offer,
    "$ a month": server.dollarsPerHour * HOURS_A_MONTH,
    "carries a day": Math.round((server.rate.low * 86_400) / PEAK),
    "crosses the cheap API at": crossing(server, perRequest.cheap, 0),
    "crosses the dear API at": crossing(server, perRequest.dear, 0),
  })),
  { decimals: 0, caption: "Requests a day from which the own model costs less, servers only" },
);

// %% [markdown]
// The plan's server for 300 dollars a month is not on this list: even a T4, at $0.526 an hour, is 384 on demand.
//
// ## 5. What is not on the invoice
//
// A model is built by people and kept alive by people. The hours below are **assumptions**; write your own. The price of an hour is a
// fact to start from: software developers in the US earned 144,570 dollars on average in 2024 (Bureau of Labor Statistics, wage data
// for software developers, as ler.me/occupations/software-developers gives them, read 2026-11-21), for 2,080 hours, without what the
// employer pays on top.

// %%
import { costOfRun, monthlyDollars, trainingRate, type RecurringCost } from "llmops/compute";

const HOUR = 144_570 / 2080;
const ROWS = 500;
const RUNS = 10;
const oneRun = costOfRun(3 * ROWS * (request.promptTokens + request.answerTokens), trainingRate(llama, GPUS.t4, {
  sequence: request.promptTokens + request.answerTokens, frozen: true, recompute: true,
}), RENTS["t4-aws"].dollarsPerHour);
const setup = [
  { what: "specification and an evaluation that decides", hours: 24, dollars: 24 * HOUR },
  { what: `${ROWS} rows from a teacher (the limit of lesson 63.7)`, hours: 0, dollars: 0.15 },
  { what: `reading these rows, 2 minutes each`, hours: (ROWS * 2) / 60, dollars: ((ROWS * 2) / 60) * HOUR },
  { what: `${RUNS} training runs on a T4, compute`, hours: 0, dollars: RUNS * oneRun.high },
  { what: "looking at these runs, 1 hour each", hours: RUNS, dollars: RUNS * HOUR },
  { what: "serving, logging, way back to the API", hours: 40, dollars: 40 * HOUR },
];
const setupDollars = setup.reduce((sum, { dollars }) => sum + dollars, 0);
showTable(
  [...setup, { what: "together", hours: setup.reduce((sum, { hours }) => sum + hours, 0), dollars: setupDollars }].map(({ what, hours, dollars }) => ({
    what, hours, dollars, "share (%)": (100 * dollars) / setupDollars,
  })),
  { decimals: 1, caption: `Once, with an hour at $${HOUR.toFixed(2)}` },
);

// %% [markdown]
// Compute, the only line that the plan has, is about a thousandth. Ten runs instead of one cost little in compute and ten hours of
// somebody's time: **iteration** is paid in attention.
//
// And then each month again. To be fair, the API side has such costs too: answers must be read, and a provider switches models off
// (gpt-4o-mini on 2027-01-14, https://developers.openai.com/api/docs/deprecations).

// %%
const ownEachMonth: RecurringCost[] = [
  { what: "watching it, being called", dollars: 4 * HOUR, everyMonths: 1 },
  { what: "reading a sample of answers", dollars: 2 * HOUR, everyMonths: 1 },
  { what: "updates of the server and its packages", dollars: 2 * HOUR, everyMonths: 1 },
  { what: "retraining: new rows, runs, evaluation", dollars: 16 * HOUR, everyMonths: 3 },
];
const apiEachMonth: RecurringCost[] = [
  { what: "reading a sample of answers", dollars: 2 * HOUR, everyMonths: 1 },
  { what: "moving to the next model: prompts, evaluation", dollars: 16 * HOUR, everyMonths: 12 },
];
const operations = { own: monthlyDollars(ownEachMonth), api: monthlyDollars(apiEachMonth) };
showTable(
  [
    ...ownEachMonth.map((cost) => ({ side: "own", ...cost })),
    ...apiEachMonth.map((cost) => ({ side: "API", ...cost })),
  ].map(({ side, what, dollars, everyMonths }) => ({ side, what, dollars, "every (months)": everyMonths, "a month": dollars / everyMonths })),
  { decimals: 0 },
);
console.log(`A month: own $${operations.own.toFixed(0)}, API $${operations.api.toFixed(0)}, before a single request.`);

// %% [markdown]
// ### Exercise: sort the costs
//
// For each cost say when it is paid: `"once"`, `"monthly"` (whatever the volume), `"per request"`, or `"both sides"` (with an API too,
// so it does not count for the decision). The keys of your object, word by word:
//
// 1. `the rented GPU that serves the model`
// 2. `tokens of the API`
// 3. `reading 500 training rows before the first run`
// 4. `retraining every quarter`
// 5. `reading a sample of the answers that users got`

// %%
import { costKinds, type CostKinds } from "llmops/exercises/61-5";

let kinds: CostKinds | undefined;
// BEGIN SOLUTION
kinds = {
  "the rented GPU that serves the model": "monthly",
  "tokens of the API": "per request",
  "reading 500 training rows before the first run": "once",
  "retraining every quarter": "monthly",
  "reading a sample of the answers that users got": "both sides",
};
// STUB
// // kinds = { "the rented GPU that serves the model": "…", … };
// END SOLUTION
await check(costKinds, kinds);

// %% [markdown]
// ## 6. Months, and time to value
//
// Put it together: servers, people on both sides, and two months to build, in which the API is still paid.

// %%
import { monthsToPayBack, paidUntil, type Investment } from "llmops/compute";

const assumed = {
  perDay: 50_000, apiDollars: perRequest.dear, hourDollars: HOUR, cardDollars: l4.dollarsPerHour, requestsPerSecond: l4.rate.low,
  monthsToBuild: 2, ownHours: operations.own / HOUR, setupHours: setupDollars / HOUR,
};
function invest(given: typeof assumed): Investment {
  const server = { ...l4, dollarsPerHour: given.cardDollars, rate: { ...l4.rate, low: given.requestsPerSecond } };
  const month = costOfMonth(given.perDay * DAYS, asInput(server, given.apiDollars, given.ownHours * given.hourDollars));
  return {
    setupDollars: given.setupHours * given.hourDollars,
    monthsToBuild: given.monthsToBuild,
    apiDollarsPerMonth: month.apiDollars + (operations.api / HOUR) * given.hourDollars,
    ownDollarsPerMonth: month.ownDollars,
  };
}

const gain = (investment: Investment) => {
  const { apiDollars, ownDollars } = paidUntil(12, investment);
  return apiDollars - ownDollars;
};
const VOLUMES = [10_000, 25_000, 50_000, 100_000];
const sheet = (["cheap", "dear"] as const).flatMap((api) => VOLUMES.map((perDay) => {
  const investment = invest({ ...assumed, perDay, apiDollars: perRequest[api] });
  return { api, perDay, investment, months: monthsToPayBack(investment) };
}));
showTable(
  sheet.map(({ api, perDay, investment, months }) => ({
    api,
    "requests a day": perDay,
    "API ($ a month)": investment.apiDollarsPerMonth,
    "own ($ a month)": investment.ownDollarsPerMonth,
    saved: investment.apiDollarsPerMonth - investment.ownDollarsPerMonth,
    "paid back after": months === undefined ? "never" : `${months.toFixed(1)} months`,
    "first year ($)": gain(investment),
    "return on the setup (%)": (100 * gain(investment)) / investment.setupDollars,
  })),
  { decimals: 0, caption: `Setup $${setupDollars.toFixed(0)}, served by ${l4.offer}, people on both sides` },
);

// %% tags=["folded"]
const counted = [
  { counts: "with people", ...operations },
  { counts: "without", own: 0, api: 0 },
];
const monthOf = (perDay: number, price: number, own: number) => costOfMonth(perDay * DAYS, asInput(l4, price, own));
const lines = Array.from({ length: 151 }, (_, i) => 10 ** (3 + i / 50)).flatMap((perDay) =>
  counted.flatMap(({ counts, own, api }) => [
    { side: "API, dear", counts, perDay, dollars: monthOf(perDay, perRequest.dear, own).apiDollars + api },
    { side: "API, cheap", counts, perDay, dollars: monthOf(perDay, perRequest.cheap, own).apiDollars + api },
    { side: "own model", counts, perDay, dollars: monthOf(perDay, perRequest.dear, own).ownDollars },
  ]),
);
const meets = { without: crossing(l4, perRequest.dear, 0), people: crossing(l4, perRequest.dear, operations.own - operations.api) };
await showChart(
  {
    title: `Dollars a month: the own model meets the dear API at ${meets.without} requests a day, with people at ${meets.people}`,
    data: { values: lines.filter(({ dollars }) => dollars >= 100) },
    mark: { type: "line", strokeWidth: 2 },
    encoding: {
      x: { field: "perDay", type: "quantitative", scale: { type: "log", domain: [1e3, 1e6] }, title: "requests a day", axis: { values: [1e3, 1e4, 1e5, 1e6], format: ",~f" } },
      y: { field: "dollars", type: "quantitative", scale: { type: "log", domain: [100, 1e5] }, title: "dollars", axis: { values: [100, 1e3, 1e4, 1e5], format: ",~f" } },
      color: { field: "side", type: "nominal", sort: null, title: null },
      strokeDash: { field: "counts", type: "nominal", sort: null, title: null, scale: { domain: ["with people", "without"], range: [[1, 0], [5, 4]] } },
    },
  },
  `Dollars a month over requests a day, both on logarithmic scales, for both APIs and the own model, with people and without. The own model meets the dear API at ${meets.without} requests a day without people and at ${meets.people} with them; the cheap API it meets nowhere.`,
);

// %% tags=["folded"]
const HORIZON = 18;
const shown = sheet.filter(({ api, perDay }) => api === "dear" && perDay <= 50_000);
const paid = shown.flatMap(({ perDay, investment }) =>
  [0, investment.monthsToBuild, HORIZON].flatMap((month) => {
    const { apiDollars, ownDollars } = paidUntil(month, investment);
    const volume = `${perDay.toLocaleString("en-US")} requests a day`;
    return [{ volume, month, side: "API", dollars: apiDollars }, { volume, month, side: "own model", dollars: ownDollars }];
  }),
);
await showChart(
  {
    title: "All that was paid since the first day of work (dear API)",
    data: { values: paid },
    facet: { column: { field: "volume", type: "nominal", sort: null, title: null } },
    resolve: { scale: { y: "independent" } },
    spec: {
      width: 145,
      height: 220,
      mark: { type: "line", strokeWidth: 2 },
      encoding: {
        x: { field: "month", type: "quantitative", title: "month", axis: { values: [0, 6, 12, 18] } },
        y: { field: "dollars", type: "quantitative", title: "dollars", axis: { format: ",~f", tickCount: 5 } },
        color: { field: "side", type: "nominal", title: null },
      },
    },
  },
  `Paid after ${HORIZON} months with the dear API: ${shown.map(({ perDay, investment, months }) => {
    const { apiDollars, ownDollars } = paidUntil(HORIZON, investment);
    return `${perDay.toLocaleString("en-US")} requests a day, API ${Math.round(apiDollars).toLocaleString("en-US")}, own ${Math.round(ownDollars).toLocaleString("en-US")} dollars, ${months === undefined ? "never paid back" : `paid back after ${months.toFixed(1)} months`}`;
  }).join("; ")}.`,
);

// %% [markdown]
// People more than double the volume from which the own model pays. The plan's volume is the first of the three small pictures: 900
// dollars a month for requests, and the own model is never cheaper. Not because the payback was computed wrong, but because the hours
// of people were left out. At two and a half times the volume the money is back within a year. **Time to value** is longer than the
// payback formula says: the lines run apart while you build, and each month of delay costs a month of saving.
//
// ## 7. What has to be false?
//
// A sheet of assumptions is worth as much as its weakest one. Take the case that pays, 50,000 requests a day on the dear API, ask what it
// gains in the first twelve months, and turn one assumption at a time until the gain is gone. `findFlip` looks for that point.

// %%
import { findFlip } from "llmops/compute";

const inputs = [
  { key: "apiDollars", what: "price of a request on the API ($)", bad: 0.001, good: 0.006, digits: 4 },
  { key: "perDay", what: "requests a day", bad: 10_000, good: 100_000, digits: 0 },
  { key: "monthsToBuild", what: "months to build", bad: 6, good: 1, digits: 1 },
  { key: "setupHours", what: "hours to build", bad: 300, good: 60, digits: 0 },
  { key: "ownHours", what: "hours a month to keep it alive", bad: 40, good: 5, digits: 0 },
  { key: "hourDollars", what: "price of an hour ($)", bad: 140, good: 40, digits: 0 },
  { key: "cardDollars", what: "price of the card ($ an hour)", bad: 2, good: 0.4, digits: 2 },
  { key: "requestsPerSecond", what: "requests a second on a card", bad: 0.5, good: 3, digits: 1 },
] as const satisfies readonly { key: keyof typeof assumed; what: string; bad: number; good: number; digits: number }[];
const base = gain(invest(assumed));
const turned = inputs.map(({ key, what, bad, good, digits }) => {
  const at = (value: number) => gain(invest({ ...assumed, [key]: value }));
  // Between the assumption and ten times worse than the bad case.
  const worst = bad < assumed[key] ? bad / 10 : bad * 10;
  return { what, digits, assumed: assumed[key], bad, good, lost: at(bad), won: at(good), flip: findFlip(at, assumed[key], worst) };
});
const shownAs = (value: number, digits: number) => value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
showTable(
  turned.map(({ what, digits, assumed: now, flip, bad, lost }) => ({
    assumption: what,
    assumed: shownAs(now, digits),
    "gain is gone at": flip === undefined ? "not within reason" : shownAs(flip, digits),
    factor: flip === undefined ? null : Math.max(flip / now, now / flip),
    "bad case": shownAs(bad, digits),
    "gain then ($)": Math.round(lost),
  })),
  { decimals: 1, caption: `Gain in the first 12 months as assumed: $${Math.round(base).toLocaleString("en-US")}` },
);

// %% tags=["folded"]
const tornado = [...turned].sort((a, b) => Math.abs(b.won - b.lost) - Math.abs(a.won - a.lost));
const label = ({ what, bad, good, digits }: (typeof turned)[number]) => `${what}: ${shownAs(bad, digits)} to ${shownAs(good, digits)}`;
await showChart(
  {
    title: "Gain in the first 12 months, one assumption at a time",
    height: 230,
    width: 380,
    layer: [
      {
        data: { values: tornado.flatMap((row) => [
          { what: label(row), from: base, to: row.lost, case: "bad case" },
          { what: label(row), from: base, to: row.won, case: "good case" },
        ]) },
        mark: { type: "bar", height: 14 },
        encoding: {
          y: { field: "what", type: "nominal", sort: null, title: null, axis: { labelLimit: 330 } },
          x: { field: "from", type: "quantitative", title: "dollars", axis: { format: ",~f", tickCount: 6 } },
          x2: { field: "to" },
          color: { field: "case", type: "nominal", title: null, scale: { domain: ["bad case", "good case"], range: ["#D55E00", "#0072B2"] } },
        },
      },
      { data: { values: [{ zero: 0 }] }, mark: { type: "rule", color: "#222222", strokeWidth: 2 }, encoding: { x: { field: "zero", type: "quantitative" } } },
    ],
  },
  `Gain in the first 12 months, ${Math.round(base).toLocaleString("en-US")} dollars as assumed: ${tornado.map((row) => `${label(row)} gives ${Math.round(row.lost).toLocaleString("en-US")} to ${Math.round(row.won).toLocaleString("en-US")}`).join("; ")}.`,
);

// %% [markdown]
// Three things to take along.
//
// 1. **The API's price and your volume decide**, and neither is in your hands. OpenAI's list of models had gpt-5.6-sol at 4 and 20 dollars
//    a million tokens, and has gpt-6.1-sol at 2 and 10 (developers.openai.com/api/docs/models in two states, read 2026-11-21): half the
//    price of a request is no thought experiment.
// 2. **The hours of people move more than the price of the card**, within its usual range. But a card far too large eats the gain, too:
//    compare the cards of section 4. Ask who is called at night, and then for the smallest card that carries your busiest hour.
// 3. **Look for the cheap alternative first.** In the cheap case nothing pays. If a small model with a good prompt does the task, the
//    best economics is not to train. What may be worth it all the same (data that must not leave the house, a skill that no API
//    sells) stands in lesson 61.3, and is no question of payback.

// %% [markdown] tags=["instructor"]
// **For instructors.** Give the plan's three numbers before the lesson and let everybody compute the payback; collect the answers with
// their units. In section 5, have each student replace the hours by those of their own company before they see the table of section 6. The
// rate of a card is computed; the checks in section 3 are measurements by others. Prices carry the day they were read: if a student
// finds another one, put it in and run on, the lesson is made for that.

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > We pay an API for 30,000 requests a day, 1,200 tokens in and 80 out each. Should we fine-tune an 8B model and serve it ourselves? Make a cost
// > sheet with setup, monthly costs and payback.
//
// ### 2. Critical evaluation
//
// Which of its prices has a source and a day? Did it fill the server to 100%? Are hours of people in it, on both sides? Put its numbers into
// `invest` and compare the payback. Check the units of every fraction.
//
// ### 3. Constraint teaching
//
// > Our traffic comes in eight hours of the day, with a peak of five times the mean. One engineer has four hours a month for this. The data must
// > stay in the EU. Do the sheet again, and say which line each of the three changes.
//
// ### 4. Refinement
//
// Have it argue for the other side: "Name the three assumptions that make my plan fail, each with the value at which it fails." Compare with
// `findFlip`. Did it find the same ones, and in the same order?
//
// ### 5. Final check
//
// > Here is my sheet with its assumptions and the values at which they flip: [paste the tables of sections 6 and 7]. Which single measurement, done
// > within a week, would change the decision most?
