import { addDays, isDay } from "./simulator/calendar.js";
import { Random } from "./random.js";
import { OPERATIONS, REGISTERS, SCENARIOS, type Operation, type Register } from "./task-api.js";
import type { ChatTurn } from "./tokens.js";

/** A run of generation requests. Plain data: a request of the run can be written again from it and its number. */
export interface ConversationPlan {
  /** Conversations in all. */
  count: number;
  /** Conversations in one request. */
  batch: number;
  operations: readonly Operation[];
  /** YYYY-MM-DD, the day that "tomorrow" counts from. */
  today: string;
  /** Draws the variety axes; two runs with different seeds ask for different conversations. */
  seed: number;
}

/** What one conversation is asked to show. */
export interface ConversationOrder {
  operation: Operation;
  scenario: string;
  register: Register;
  setting: string;
}

/** A plan with the number (from 1) of one of its requests. */
export interface PlannedRequest {
  plan: ConversationPlan;
  number: number;
}

/** What the tasks of a conversation can be about. */
export const SETTING_NAMES = [
  "office finance", "software team", "household", "health", "travel", "hiring", "marketing", "university", "children", "events", "legal",
  "customer support", "moving house", "restaurant", "freelance design", "garden and repairs", "clinic", "sales", "volunteering",
  "research lab", "small shop", "pets",
] as const;

/** Requests in a plan. */
export function requestCount(plan: ConversationPlan): number {
  return Math.ceil(plan.count / plan.batch);
}

/**
 * The orders of one request. Operations go round in turn, so that they balance; scenario, register and setting are
 * drawn, because a model that is asked the same thing 120 times answers the same thing 120 times.
 */
export function ordersOf({ plan, number }: PlannedRequest): ConversationOrder[] {
  const first = (number - 1) * plan.batch;
  const size = Math.min(plan.batch, plan.count - first);
  return Array.from({ length: size }, (_, i) => {
    const random = new Random(plan.seed, "order", first + i);
    const operation = plan.operations[(first + i) % plan.operations.length] ?? "create";
    const scenario = random.weighted<string>(SCENARIOS[operation]);
    return { operation, scenario, register: random.pick(REGISTERS), setting: random.pick(SETTING_NAMES) };
  });
}

const SYSTEM = `You write training conversations for the assistant of a Task API. Its tasks have a title, a due_date, a priority (low, medium, high) and a description. It can create, update, complete, delete and list tasks, nothing else.

Answer with JSON Lines: one conversation a line, no Markdown, nothing before or after:
{"operation":"create","scenario":"happy-path","conversations":[{"from":"human","value":"..."},{"from":"gpt","value":"..."}]}

Rules
- Turns alternate, human first, gpt last; two to six turns.
- The human sounds like a real person in the given register. Vary length, order of details and wording; never begin two alike.
- The assistant does exactly what was asked and confirms it: the title in quotes, the due date as a calendar date worked out from today's, the priority. It asks when a detail is missing and explains what is impossible (a date in the past, a priority that does not exist, no title, an unknown task).
- Invent concrete, believable tasks. No real people's contact data.
- "operation" and "scenario" repeat what the order says.`;

/** The messages of one request of the plan. The system turn is equal in all, so that a provider can cache it. */
export function writePrompt(request: PlannedRequest): ChatTurn[] {
  const { plan, number } = request;
  const lines = ordersOf(request).map(
    (order, i) => `${i + 1}. ${order.operation} | ${order.scenario} | register: ${order.register} | setting: ${order.setting}`);
  return [
    { role: "system", content: SYSTEM },
    {
      role: "user",
      content:
        `Today is ${plan.today}. Request ${number} of ${requestCount(plan)} ` +
        `(run: ${plan.count} conversations, ${plan.batch} a request, seed ${plan.seed}; ${plan.operations.join(", ")}).\n` +
        `Write these ${lines.length} conversations:\n${lines.join("\n")}`,
    },
  ];
}

const HEADER = /^Today is (\d{4}-\d{2}-\d{2})\. Request (\d+) of \d+ \(run: (\d+) conversations, (\d+) a request, seed (\d+); ([a-z, ]+)\)\.\n/;

/** Reads a prompt back into its plan; undefined unless the plan writes exactly this prompt. */
export function readPrompt(messages: readonly { role: string; content: string }[]): PlannedRequest | undefined {
  const user = messages[1]?.content ?? "";
  const match = HEADER.exec(user);
  if (messages.length !== 2 || match === null) return undefined;
  const [, today = "", number, count, batch, seed, names = ""] = match;
  const operations = names.split(", ").filter((name): name is Operation => (OPERATIONS as readonly string[]).includes(name));
  const request = { plan: { count: Number(count), batch: Number(batch), operations, today, seed: Number(seed) }, number: Number(number) };
  if (checkPlan(request.plan) !== undefined || request.number < 1 || request.number > requestCount(request.plan)) return undefined;
  const rewritten = writePrompt(request);
  return rewritten.every((turn, i) => turn.content === messages[i]?.content) ? request : undefined;
}

/** What is wrong with a plan, in a sentence; undefined when nothing is. */
export function checkPlan(plan: ConversationPlan): string | undefined {
  const whole = (value: number, low: number, high: number) => Number.isInteger(value) && value >= low && value <= high;
  if (!whole(plan.count, 1, 100_000)) return `count must be a whole number from 1 to 100000, not ${plan.count}`;
  if (!whole(plan.batch, 1, 20)) return `batch must be a whole number from 1 to 20, not ${plan.batch} (longer answers lose quality and may be cut)`;
  if (!whole(plan.seed, 0, Number.MAX_SAFE_INTEGER)) return `seed must be a whole number of at least 0, not ${plan.seed}`;
  if (plan.operations.length === 0) return `operations must name at least one of ${OPERATIONS.join(", ")}`;
  const unknown = plan.operations.find((name) => !OPERATIONS.includes(name));
  if (unknown !== undefined) return `unknown operation "${String(unknown)}"; the Task API has ${OPERATIONS.join(", ")}`;
  if (!isDay(plan.today)) return `today must be a date like ${addDays("2026-11-20", 0)}, not "${plan.today}"`;
  return undefined;
}
