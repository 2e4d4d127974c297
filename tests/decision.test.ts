/** Decisions: reasons for each, monotone where they must be, and errors that name the fact. Through llmops/decision and `llmops decide`. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decideApproach, DecisionError, findFlips, findQuestion, TREE, type Approach, type UseCaseInput } from "llmops/decision";
import { ROOT } from "./support/scratch.ts";

/** An assistant for five operations, with a prompt that is good enough, at the plan's prices. */
const TASK_API: UseCaseInput = {
  name: "Task API", requestsPerDay: 10_000, kindsOfRequest: 5, format: "schema", wantedScore: 0.95, heldOut: 300, examples: 500, dataMayLeave: true,
  promptScore: 0.97, promptVersions: 4, apiDollarsPerRequest: 0.003, serverDollarsPerMonth: 300, serverRequestsPerDay: 50_000, setupDollars: 200, budgetDollars: 500,
};
const with_ = (changes: Partial<UseCaseInput>): UseCaseInput => ({ ...TASK_API, ...changes });
const without = (...facts: (keyof UseCaseInput)[]): UseCaseInput => Object.fromEntries(Object.entries(TASK_API).filter(([fact]) => !facts.includes(fact as keyof UseCaseInput))) as UseCaseInput;

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const share = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);
const price = fc.double({ min: 0, max: 1e5, noNaN: true });
const anyUseCase = fc.record({
  requestsPerDay: fc.integer({ min: 0, max: 1e7 }), kindsOfRequest: fc.integer({ min: 1, max: 100 }), format: fc.constantFrom("free" as const, "schema" as const, "style" as const),
  wantedScore: share, heldOut: fc.integer({ min: 1, max: 5000 }), examples: fc.integer({ min: 0, max: 1e5 }), dataMayLeave: fc.boolean(),
  promptScore: optional(share), promptVersions: optional(fc.integer({ min: 1, max: 20 })), measuredOn: optional(fc.constantFrom("api" as const, "own" as const)),
  knowledgeFailures: optional(share.map((value) => value / 2)), formatFailures: optional(share.map((value) => value / 2)), knowledgeTokens: optional(fc.integer({ min: 0, max: 1e7 })),
  answersChangeDays: optional(fc.integer({ min: 0, max: 1000 })), latencyMs: optional(fc.integer({ min: 0, max: 5000 })), latencyWantedMs: optional(fc.integer({ min: 0, max: 5000 })), ownLatencyMs: optional(fc.integer({ min: 0, max: 5000 })),
  apiDollarsPerRequest: optional(fc.double({ min: 0, max: 1, noNaN: true })), serverDollarsPerMonth: optional(price), serverRequestsPerDay: optional(fc.integer({ min: 1, max: 1e6 })),
  operationsDollarsPerMonth: optional(price), setupDollars: optional(price), exampleDollars: optional(fc.double({ min: 0, max: 10, noNaN: true })), budgetDollars: optional(price), paybackMonths: optional(fc.integer({ min: 0, max: 60 })),
}).map((facts) => Object.fromEntries(Object.entries({ name: "any", ...facts }).filter(([, value]) => value !== undefined)) as UseCaseInput);

describe("decideApproach", () => {
  it("the Task API's 200 dollars are back after ten days, not three months", () => {
    const { approach, evidence, reasons } = decideApproach(TASK_API);
    assert.equal(approach, "fine-tune");
    assert.deepEqual([evidence.money?.apiDollars, evidence.money?.ownDollars, evidence.money?.savedDollars].map(Math.round as (value: unknown) => number), [900, 300, 600]);
    assert.ok(Math.abs((evidence.money?.paybackDays ?? 0) - 10) < 1e-9);
    assert.match(reasons.find(({ fact }) => fact === "requestsPerDay")?.because ?? "", /\$900 a month by API, \$300 with a model of your own: \$200 are back after 10 days/);
  });

  it("one changed fact leads to each of the other outcomes", () => {
    const outcomes: [UseCaseInput, Approach, RegExp][] = [
      [with_({ requestsPerDay: 100 }), "prompt", /nothing is saved that could pay/],
      [without("promptScore", "promptVersions"), "not yet", /nobody knows what the best prompt reaches/],
      [with_({ heldOut: 20 }), "not yet", /too small to say/],
      [with_({ examples: 50 }), "not yet", /450 of 500 are missing/],
      [with_({ examples: 50, exampleDollars: 0.1 }), "fine-tune", /450 of 500 are missing; with the training they cost \$245/],
      [with_({ knowledgeTokens: 200_000 }), "fine-tune + rag", /more than the 4,000 tokens/],
      [with_({ knowledgeTokens: 200_000, requestsPerDay: 100 }), "rag", /look up what a request needs/],
      [with_({ promptScore: 0.8, knowledgeFailures: 0.9, knowledgeTokens: 50_000, requestsPerDay: 100 }), "rag", /from 80% to at most 98%/],
      [with_({ promptScore: 0.8, formatFailures: 0.9, requestsPerDay: 100 }), "prompt", /enforcing the schema can lift/],
      [with_({ promptScore: 0.8, formatFailures: 0.9, format: "style", requestsPerDay: 100 }), "fine-tune", /no grammar enforces a style/],
      [with_({ promptScore: 0.8, requestsPerDay: 100 }), "fine-tune", /the rest is behaviour/],
      [with_({ promptScore: 0.8, requestsPerDay: 100, promptVersions: 1 }), "prompt", /measure at least 3 before you train/],
      [with_({ promptScore: 0.8, answersChangeDays: 2 }), "prompt", /a prompt can be changed today/],
      [with_({ promptScore: 0.8, kindsOfRequest: 60, examples: 100_000 }), "prompt", /a general task/],
      [with_({ dataMayLeave: false }), "not yet", /measure an open model on a machine of your own/],
      [with_({ dataMayLeave: false, measuredOn: "own", promptScore: 0.8 }), "fine-tune", /the rest is behaviour/],
      [with_({ requestsPerDay: 100, latencyMs: 900, latencyWantedMs: 200, ownLatencyMs: 120 }), "fine-tune", /200 ms are wanted, and a small model of your own needs 120/],
      [with_({ requestsPerDay: 100, latencyMs: 900, latencyWantedMs: 200, ownLatencyMs: 400 }), "prompt", /and so is your own/],
    ];
    for (const [useCase, approach, because] of outcomes) {
      const decision = decideApproach(useCase);
      assert.equal(decision.approach, approach, JSON.stringify(useCase));
      assert.match(decision.reasons.map((reason) => reason.because).join("\n"), because);
    }
  });

  it("every decision has a reason that decides, and a path through the tree that ends in it", () => {
    fc.assert(fc.property(anyUseCase, (useCase) => {
      const { approach, reasons, path } = decideApproach(useCase);
      assert.ok(reasons.some(({ decides }) => decides));
      for (const { fact, value, because } of reasons) assert.ok(fact && value && because.length > 20 && !/undefined|NaN/.test(value + because), `${fact} ${value}: ${because}`);
      const last = path.at(-1);
      assert.ok(last);
      const end = findQuestion(last.question)[last.answer];
      assert.ok(typeof end === "object" && end.approach === approach);
    }), { numRuns: 500 });
  });

  it("more requests never make a model of one's own less worthwhile in money", () => {
    fc.assert(fc.property(anyUseCase, fc.integer({ min: 0, max: 1e7 }), (useCase, more) => {
      const [few, many] = [0, more].map((added) => decideApproach({ ...useCase, requestsPerDay: useCase.requestsPerDay + added }).evidence.money);
      if (!few || !many) return assert.equal(few, many);
      const slack = 1e-9 * (1 + Math.abs(many.apiDollars) + Math.abs(many.ownDollars));
      assert.ok(many.savedDollars >= few.savedDollars - slack, `${few.savedDollars} -> ${many.savedDollars}`);
      if (few.paybackDays !== undefined && few.savedDollars > slack) assert.ok((many.paybackDays ?? Infinity) <= few.paybackDays * (1 + 1e-6));
    }), { numRuns: 500 });
  });

  it("more examples, more budget and a cheaper example never forbid a training", () => {
    fc.assert(fc.property(anyUseCase, fc.integer({ min: 1, max: 1e5 }), (useCase, more) => {
      if (!decideApproach(useCase).approach.startsWith("fine-tune")) return;
      assert.match(decideApproach({ ...useCase, examples: useCase.examples + more }).approach, /^fine-tune/);
      if (useCase.budgetDollars !== undefined) assert.match(decideApproach({ ...useCase, budgetDollars: useCase.budgetDollars + more }).approach, /^fine-tune/);
      if (useCase.exampleDollars !== undefined) assert.match(decideApproach({ ...useCase, exampleDollars: useCase.exampleDollars / 2 }).approach, /^fine-tune/);
    }), { numRuns: 500 });
  });

  it("a fact that is wrong is named, with what would do", () => {
    const wrong = (value: unknown, field: string, message: RegExp) => assert.throws(() => decideApproach(value as UseCaseInput), (error) => error instanceof DecisionError && error.field === field && message.test(error.message), String(message));
    for (const fact of ["name", "requestsPerDay", "kindsOfRequest", "format", "wantedScore", "heldOut", "examples", "dataMayLeave"] as const) wrong(without(fact), fact, /is missing; it must be/);
    wrong(with_({ promptScore: 97 }), "promptScore", /write 0\.9 for 90%/);
    wrong({ ...TASK_API, format: "json" }, "format", /one of free, schema, style/);
    wrong({ ...TASK_API, requestPerDay: 3 }, "requestPerDay", /is no fact of a use case; known are name, requestsPerDay/);
    wrong(with_({ heldOut: 0 }), "heldOut", /on how many requests/);
    wrong(with_({ knowledgeFailures: 0.7, formatFailures: 0.7 }), "formatFailures", /count each failure once/);
    wrong(with_({ requestsPerDay: -1 }), "requestsPerDay", /at least 0/);
    wrong(with_({ requestsPerDay: Infinity }), "requestsPerDay", /must be/);
    wrong(null, "useCase", /./);
  });

  it("limits are conventions: another one decides otherwise", () => {
    assert.equal(decideApproach(TASK_API, { examplesPerKind: 200 }).approach, "not yet");
    assert.equal(decideApproach(with_({ promptScore: 0.8, promptVersions: 1 }), { promptVersions: 1 }).approach, "fine-tune");
  });
});

describe("findFlips", () => {
  it("every flip flips, a little less does not, and the smallest change comes first", () => {
    fc.assert(fc.property(anyUseCase, (useCase) => {
      const { approach } = decideApproach(useCase);
      for (const flip of findFlips(useCase)) {
        assert.notEqual(flip.approach, approach);
        assert.equal(decideApproach({ ...useCase, [flip.fact]: flip.to }).approach, flip.approach);
      }
    }), { numRuns: 40 });
    const flips = findFlips(TASK_API);
    const requests = flips.find(({ fact }) => fact === "requestsPerDay");
    // 300 dollars a server and 200 back within 12 months: 316.67 a month at 0.003 a request.
    assert.deepEqual([requests?.to, requests?.approach], [3518, "prompt"]);
    assert.equal(decideApproach(with_({ requestsPerDay: 3519 })).approach, "fine-tune");
    const factors = flips.map(({ factor, fact }) => (factor === undefined || /Score/.test(fact) ? 0 : Math.abs(Math.log(factor)))).filter((value) => value > 0);
    assert.deepEqual(factors, factors.toSorted((a, b) => a - b));
    assert.deepEqual(flips.at(-1), { fact: "dataMayLeave", from: true, to: false, approach: "not yet", factor: undefined });
  });

  it("facts that were left out are not varied", () => {
    assert.ok(findFlips(TASK_API).every(({ fact }) => Object.hasOwn(TASK_API, fact)));
  });
});

describe("the tree", () => {
  it("every question is reached from the first, and every way ends", () => {
    const seen = new Set<string>();
    const follow = (id: string, depth: number): void => {
      assert.ok(depth < TREE.length, "no circle");
      seen.add(id);
      const question = findQuestion(id as (typeof TREE)[number]["id"]);
      for (const next of [question.yes, question.no]) if (typeof next === "string") follow(next, depth + 1);
    };
    follow(TREE[0]?.id ?? "", 0);
    assert.equal(seen.size, TREE.length);
  });
});

describe("llmops decide", () => {
  const run = (input: unknown, ...args: string[]) => spawnSync(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "decide", "-", ...args], { input: typeof input === "string" ? input : JSON.stringify(input), encoding: "utf8" });

  it("prints the decision with reasons, flips and assumptions, and the same as JSON", () => {
    const { stdout, status } = run(TASK_API);
    assert.equal(status, 0);
    assert.match(stdout, /^Task API: fine-tune\n[\s\S]*decided by:\n[\s\S]*requestsPerDay: 10,000 -> 3,518 gives prompt[\s\S]*assumed, for nobody said:\n {2}knowledgeFailures/);
    const document = JSON.parse(run(TASK_API, "--json").stdout) as { approach: string; reasons: object[]; flips: object[]; money: { paybackDays: number } };
    assert.equal(document.approach, "fine-tune");
    assert.equal(Math.round(document.money.paybackDays), 10);
    assert.equal(document.flips.length, findFlips(TASK_API).length);
  });

  it("bad input: exit status 2 and the field", () => {
    for (const [input, says] of [["{", /standard input: is no JSON/], ["[]", /holds no JSON object/], [without("format"), /format: is missing/]] as const) {
      const { status, stderr } = run(input);
      assert.equal(status, 2);
      assert.match(stderr, says);
    }
  });
});
