/** A use case as facts that somebody measured, counted or was told; opinions have no field. */
import { z } from "zod";
import { DecisionError } from "./error.js";

const number = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.number({ error: "must be a number" }).min(least, { error: `must be at least ${least}` }).max(most, { error: `must be at most ${most}` });
const share = () => z.number({ error: "must be a share from 0 to 1" }).min(0, { error: "must be a share from 0 to 1" }).max(1, { error: "must be a share from 0 to 1: write 0.9 for 90%" });
const whole = (least: number) => number(least).int({ error: "must be a whole number" });
const dollars = () => number(0);
const choice = <const T extends string>(names: readonly T[]) => z.enum(names, { error: `must be one of ${names.join(", ")}` });

/** `schema`: a grammar can be enforced while the answer is written. `style`: a voice or a form that no grammar describes. */
export const FORMATS = ["free", "schema", "style"] as const;
/** The model whose score was measured: a provider's, or one that runs on machines of your own. */
export const MEASURED_ON = ["api", "own"] as const;

/** The facts. What is left out is not known, and the decision says so. */
export const UseCase = z.strictObject({
  name: z.string({ error: "must be a name" }).min(1, { error: "must not be empty" }),
  /** Requests a day, the mean of a month. */
  requestsPerDay: number(0),
  /** Kinds of request that it answers: five for an API of five operations. */
  kindsOfRequest: whole(1),
  format: choice(FORMATS),
  /** The share of the exam that must be right before it goes live. */
  wantedScore: share(),
  /** Requests with right answers that are kept apart as an exam. */
  heldOut: whole(0),
  /** Reviewed requests with right answers that may be trained on. */
  examples: whole(0),
  /** Whether requests may be sent to a provider. */
  dataMayLeave: z.boolean({ error: "must be true or false" }),

  /** The share of the exam that the best prompt gets right. */
  promptScore: share().optional(),
  /** Prompts whose score was measured. Default: 1 where there is a score. */
  promptVersions: whole(0).optional(),
  measuredOn: choice(MEASURED_ON).default("api"),
  /** Of the best prompt's failures, the share where a fact was missing that a document has. */
  knowledgeFailures: share().default(0),
  /** Of its failures, the share where the answer was right and its form wrong. */
  formatFailures: share().default(0),
  /** Tokens of the documents that answers rest on; 0 where the request says all. */
  knowledgeTokens: number(0).default(0),
  /** Days until a right answer is wrong because a fact or a rule changed. Absent: it does not. */
  answersChangeDays: number(0).optional(),
  /** Milliseconds, the 95th percentile: measured with the prompt, wanted, and of a small model of your own. */
  latencyMs: number(0).optional(),
  latencyWantedMs: number(0).optional(),
  ownLatencyMs: number(0).optional(),
  /** The prompted model's bill, divided by its requests. */
  apiDollarsPerRequest: dollars().optional(),
  serverDollarsPerMonth: dollars().optional(),
  /** Requests a day that one server of that price answers. */
  serverRequestsPerDay: number(1).optional(),
  /** People and tools that a model of your own needs each month. */
  operationsDollarsPerMonth: dollars().default(0),
  /** Once: training runs and their evaluation, without new examples. */
  setupDollars: dollars().optional(),
  /** One more reviewed example. */
  exampleDollars: dollars().optional(),
  /** What may be spent before the first saving. */
  budgetDollars: dollars().optional(),
  /** Months within which it must have paid for itself. */
  paybackMonths: number(0).default(12),
});
export type UseCaseInput = z.input<typeof UseCase>;
export type UseCase = z.output<typeof UseCase>;
export type FactName = keyof UseCase;

/** @throws DecisionError for the first fact that is wrong, with its name and what would do */
export function checkUseCase(value: unknown): UseCase {
  const parsed = UseCase.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    if (issue?.code === "unrecognized_keys") throw new DecisionError(issue.keys[0] ?? "useCase", `is no fact of a use case; known are ${Object.keys(UseCase.shape).join(", ")}`);
    const field = String(issue?.path[0] ?? "useCase");
    const missing = issue?.path.length && typeof value === "object" && value !== null && !Object.hasOwn(value, field);
    throw new DecisionError(field, missing ? `is missing; it ${issue?.message ?? "is needed"}` : issue?.message ?? "is not valid");
  }
  const facts = parsed.data;
  if (facts.knowledgeFailures + facts.formatFailures > 1 + 1e-9) throw new DecisionError("formatFailures", "together with knowledgeFailures it is more than all failures: count each failure once, by its first cause");
  if (facts.promptScore !== undefined && facts.heldOut === 0) throw new DecisionError("heldOut", "is 0, and there is a promptScore: say on how many requests it was measured");
  if (facts.promptScore !== undefined && facts.promptVersions === 0) throw new DecisionError("promptVersions", "is 0, and there is a promptScore: the prompt that was measured counts as 1");
  return facts;
}

/** Facts that nobody gave and that have a default, as sentences. */
export function assumptionsOf(value: UseCaseInput): string[] {
  const given = (name: FactName): boolean => value[name] !== undefined;
  const says: Partial<Record<FactName, string>> = {
    knowledgeFailures: "no failure is for want of a fact", formatFailures: "no failure is one of form alone", knowledgeTokens: "a request holds all that its answer needs",
    answersChangeDays: "right answers stay right", operationsDollarsPerMonth: "a model of your own needs nobody's time", paybackMonths: "it must pay for itself within 12 months",
    ...(value.promptScore === undefined ? {} : { promptVersions: "one prompt was measured", measuredOn: "the score is one of a provider's model" }),
  };
  return (Object.keys(says) as FactName[]).filter((name) => !given(name)).map((name) => `${name}: ${says[name]}`);
}
