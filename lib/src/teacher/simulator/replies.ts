import { createHash } from "node:crypto";
import { isQuestionsPrompt, readAdvicePrompt } from "../advice-prompt.js";
import { ordersOf, readPrompt, type ConversationOrder } from "../conversation-prompt.js";
import { readFieldsPrompt } from "../fields-prompt.js";
import { readPairPrompt } from "../pair-prompt.js";
import { readPersonaPrompt, readTraitPrompt } from "../persona-prompt.js";
import { readPreferencePrompt } from "../preference-prompt.js";
import { Random } from "../random.js";
import { readSayPrompt, readScriptPrompt } from "../tool-call-prompt.js";
import { OPERATIONS, REGISTERS, SCENARIOS, type Operation } from "../task-api.js";
import { advise, askQuestions } from "./advising.js";
import { isDay } from "./calendar.js";
import { readFields } from "./fields.js";
import { extractPairs } from "./extraction.js";
import { generate, type GenerationOrder, type RequestName } from "./generation.js";
import { judge, type JudgeBias } from "./judging.js";
import type { DefectRates, JudgmentEntry, LedgerEntry } from "./ledger.js";
import { judgeTraits } from "./persona-judging.js";
import type { PersonaSlipEntry, PersonaSlipRates } from "./persona-slips.js";
import { writeReplies } from "./persona-writing.js";
import { preferReplies } from "./preferring.js";
import { chooseSetting } from "./tasks.js";
import { answerSayings, answerScripts } from "./tools/answering.js";
import type { ToolDefectEntry, ToolDefectRates } from "./tools/damage.js";
import { SETTINGS } from "./vocabulary.js";

/** What an answer depends on, as the wire carries it. */
export interface Question {
  messages: readonly { role: string; content: string }[];
  /** `json_schema` with its name, `json_object`, or undefined for text. */
  format: { type: string; name?: string } | undefined;
  seed: number | null;
}

/** What the simulator writes with. */
export interface Writer {
  seed: number;
  defects: DefectRates;
  bias: JudgeBias;
  toolDefects: ToolDefectRates;
  slips: PersonaSlipRates;
  /** Everything that makes this simulator write what it writes, hashed. */
  identity: string;
}

/** An answer before it goes over the wire. */
export interface Reply extends RequestName {
  text: string;
  entries: LedgerEntry[];
  judgments: JudgmentEntry[];
  toolDefects?: ToolDefectEntry[];
  slips?: PersonaSlipEntry[];
}

/** Names a request by what its answer depends on. */
export function nameOf(writer: Writer, question: Question): RequestName {
  const content = JSON.stringify([question.messages.map(({ role, content: text }) => [role, text]), question.format ?? null, question.seed]);
  const key = createHash("sha256").update(content).digest("hex");
  const id = createHash("sha256").update(`${writer.identity} ${key}`).digest("hex").slice(0, 24);
  return { key, responseId: `chatcmpl-sim-${id}` };
}

/**
 * Writes the answer. What is asked shows in the messages: the prompts of conversation-prompt, judge-prompt, pair-prompt,
 * persona-prompt, preference-prompt, fields-prompt, advice-prompt and tool-call-prompt are recognised word for word; a free request for Task API
 * conversations by its words; anything else is
 * told what the simulator can do.
 */
export function replyTo(writer: Writer, question: Question): Reply {
  const name = nameOf(writer, question);
  const { messages } = question;
  const plain = { ...name, entries: [], judgments: [] };
  const planned = readPrompt(messages);
  if (planned !== undefined) {
    const nameEarlier = (earlier: Question["messages"]) => nameOf(writer, { ...question, messages: earlier });
    return conversations(writer, question, { ...name, orders: ordersOf(planned), today: planned.plan.today, planned, nameOf: nameEarlier });
  }
  const verdict = judge(writer.seed, writer.bias, name, messages);
  if (verdict !== undefined) return { ...plain, text: verdict.text, judgments: verdict.entries };
  const passage = readPairPrompt(messages);
  if (passage !== undefined) {
    return { ...plain, text: JSON.stringify({ pairs: extractPairs([writer.seed, name.key], passage.chunk, passage.pairs) }) };
  }
  const persona = readPersonaPrompt(messages);
  if (persona !== undefined) return { ...plain, ...writeReplies(writer.seed, writer.slips, name, persona) };
  const traits = readTraitPrompt(messages);
  if (traits !== undefined) {
    const graded = judgeTraits(writer.seed, writer.bias, name, traits);
    return { ...plain, text: graded.text, judgments: graded.entries };
  }
  const pairs = readPreferencePrompt(messages);
  if (pairs !== undefined) {
    const preferred = preferReplies(writer.seed, writer.bias, name, pairs);
    return { ...plain, text: preferred.text, judgments: preferred.entries };
  }
  const fields = readFieldsPrompt(messages);
  if (fields !== undefined) return { ...plain, text: JSON.stringify({ readings: readFields([writer.seed, name.key], fields) }) };
  if (isQuestionsPrompt(messages)) return { ...plain, text: JSON.stringify(askQuestions([writer.seed, name.key])) };
  const facts = readAdvicePrompt(messages);
  if (facts !== undefined) return { ...plain, text: JSON.stringify(advise(facts)) };
  const scripts = readScriptPrompt(messages);
  if (scripts !== undefined) {
    const { text, entries: toolDefects } = answerScripts(writer.seed, writer.toolDefects, name, scripts);
    return { ...plain, text, toolDefects };
  }
  const played = readSayPrompt(messages);
  if (played !== undefined) return { ...plain, text: answerSayings(writer.seed, name.key, played) };
  const order = readFreeOrder(writer, question, name);
  if (order !== undefined) return conversations(writer, question, order);
  return { ...plain, text: question.format === undefined ? INTRODUCTION : JSON.stringify({ answer: INTRODUCTION }) };
}

function conversations(writer: Writer, question: Question, order: GenerationOrder): Reply {
  const { lines, entries } = generate(writer.seed, writer.defects, order);
  const text = question.format === undefined ? lines.join("\n") : `{"examples":[${lines.join(",")}]}`;
  return { key: order.key, responseId: order.responseId, text, entries, judgments: [] };
}

const INTRODUCTION =
  "I am the LLMOps Workbook's teacher simulator, a seeded program and not a language model, so I cannot answer this. I can write " +
  "Task API training conversations, grade conversations against a rubric, and turn a passage of a document into instruction pairs. " +
  "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server, to ask a real model.";

/** A request for conversations in somebody's own words, as a student types it in a lesson. */
function readFreeOrder(writer: Writer, question: Question, name: RequestName): GenerationOrder | undefined {
  const text = question.messages.map(({ content }) => content).join("\n");
  if (!/\b(generate|write|create|make)\b/i.test(text) || !/\b(examples?|conversations?)\b/i.test(text) || !/\btasks?\b/i.test(text)) return undefined;
  const listed = ordersFrom(text);
  const today = /\b\d{4}-\d{2}-\d{2}\b/.exec(text)?.[0];
  return {
    ...name, nameOf: () => name,
    orders: listed.length > 0 ? listed : freeOrders(new Random(writer.seed, name.key, "orders"), text),
    // A free request that names no day gets a fixed one: the answer may depend on nothing but the request.
    today: today !== undefined && isDay(today) ? today : "2026-01-15",
  };
}

/** Lines like "3. update | unknown-task | register: terse | setting: pets". */
function ordersFrom(text: string): ConversationOrder[] {
  return [...text.matchAll(/^\d+\. (\w+) \| ([\w-]+) \| register: (\w+) \| setting: (.+)$/gm)].flatMap((match) => {
    const [, operation, scenario = "", register, setting = ""] = match;
    const known = OPERATIONS.find((name) => name === operation);
    const voice = REGISTERS.find((name) => name === register);
    return known === undefined || voice === undefined ? [] : [{ operation: known, scenario, register: voice, setting }];
  });
}

function freeOrders(random: Random, text: string): ConversationOrder[] {
  const named = /\b(\d{1,2})\s+(?:\w+\s+){0,4}(?:examples|conversations)\b/i.exec(text)?.[1];
  const count = Math.min(20, Math.max(1, Number(named ?? 1)));
  const operations: Operation[] = OPERATIONS.filter((operation) => new RegExp(`\\b${operation}`, "i").test(text));
  return Array.from({ length: count }, (_, i) => {
    const operation = operations.length === 0 ? random.pick(OPERATIONS) : (operations[i % operations.length] ?? "create");
    return { operation, scenario: random.weighted<string>(SCENARIOS[operation]), register: random.pick(REGISTERS), setting: chooseSetting(random, random.pick(Object.keys(SETTINGS))) };
  });
}
