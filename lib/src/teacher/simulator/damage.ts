import { isJson } from "../../data/jsonl/json.js";
import { Random } from "../random.js";
import { OPERATIONS, PRIORITIES, SCENARIOS } from "../task-api.js";
import { addDays, writeDate } from "./calendar.js";
import { writeConversation } from "./conversation.js";
import type { DefectKind } from "./ledger.js";
import { writeOffTopic } from "./off-topic.js";
import { makePersonal } from "./personal.js";
import type { Draft, SceneSpec, Statement, Turn } from "./scene.js";
import { jaccard, shinglesOf } from "./similarity.js";
import { contentWords, makeNote, makeTask } from "./tasks.js";
import { lower } from "./voice.js";

/** A generated row as it will be written, before it becomes a line of JSON. */
export interface Row {
  operation: string;
  scenario: string;
  conversations: Turn[];
}

/** A damaged row: its text, and what the ledger has to know. */
export interface Damage {
  line: string;
  says: string;
  detail: Readonly<Record<string, string | readonly string[]>>;
  truth: Readonly<Record<string, string>>;
}

/** A good row as a line of JSON. */
export function toLine(row: Row): string {
  return JSON.stringify(row);
}

/** All that is said in a row, for comparing rows. */
export function spokenText(turns: readonly Turn[]): string {
  return turns.map((turn) => turn.value).join("\n");
}

/**
 * Damages one row. Copies are made elsewhere, since they need another row. Depends on the key, the draft and its
 * spec alone. Returns undefined where the damage cannot be done to this row.
 */
export function damage(
  kind: Exclude<DefectKind, "exact_duplicate" | "near_duplicate">, draft: Draft, key: readonly (string | number)[], spec: SceneSpec, today: string,
): Damage | undefined {
  const random = new Random(...key, "damage");
  const row: Row = { operation: draft.operation, scenario: draft.scenario, conversations: draft.turns };
  switch (kind) {
    case "pii": return addPersonal(random, row);
    case "wrong_label": {
      const wrong = random.pick(OPERATIONS.filter((operation) => operation !== draft.operation));
      return {
        line: toLine({ ...row, operation: wrong }), says: `Labelled ${wrong}, but it shows ${draft.operation}.`,
        detail: { operation: wrong }, truth: { operation: draft.operation },
      };
    }
    case "wrong_answer": return answerWrongly(random, key, spec, today);
    case "broken_json": return breakJson(random, row);
    case "schema_violation": return violateSchema(random, row);
    case "off_topic": {
      const conversations = writeOffTopic(random);
      return { line: toLine({ ...row, conversations }), says: "Has nothing to do with tasks.", detail: { question: conversations[0]?.value ?? "" }, truth: {} };
    }
    case "too_long": return lengthen(random, row, spec);
    case "too_short": {
      const conversations: Turn[] = [
        { from: "human", value: random.pick(["add", "task", "hi", "do it", "list", "done", "the usual", "again", "yes", "delete", "ok", "next", "tasks?", "hm"]) },
        { from: "gpt", value: random.pick(["Done.", "OK.", "Sure.", "Yes.", "Which?", "Hello.", "Okay!", "Noted.", "Fine.", "Right."]) },
      ];
      return { line: toLine({ ...row, conversations }), says: "Too short to teach anything.", detail: { words: String(spokenText(conversations).split(/\s+/).length) }, truth: {} };
    }
    case "dirty_text": return soil(random, row);
  }
}

function addPersonal(random: Random, row: Row): Damage {
  const found = [makePersonal(random)];
  if (random.chance(0.2)) {
    const second = makePersonal(random);
    if (second.kind !== found[0]?.kind) found.push(second);
  }
  const added = found.map(({ sentence }) => ` ${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`).join("");
  const conversations = row.conversations.map((turn, i) => (i === 0 ? { ...turn, value: `${turn.value}${/[\p{L}\p{N}"'”’]$/u.test(turn.value) ? "." : ""}${added}` } : turn));
  return {
    line: toLine({ ...row, conversations }), says: `The user gives away personal data (${found.map(({ kind }) => kind).join(", ")}).`,
    detail: { kinds: found.map(({ kind }) => kind), values: found.map(({ value }) => value) }, truth: { conversations: JSON.stringify(row.conversations) },
  };
}

/** Writes a conversation whose last turn confirms something, then changes that into something else. */
function answerWrongly(random: Random, key: readonly (string | number)[], spec: SceneSpec, today: string): Damage | undefined {
  for (let salt = 0; salt < 40; salt++) {
    const scenario = salt === 0 ? spec.scenario : new Random(...key, "scenario", salt).weighted<string>(SCENARIOS[spec.operation]);
    const draft = writeConversation(salt === 0 ? key : [...key, "again", salt], { ...spec, scenario }, today);
    const last = draft.turns.at(-1);
    if (last === undefined) continue;
    const said = draft.turns.filter((turn) => turn.from === "human").map((turn) => turn.value).join("\n");
    // A wrong title counts only where the user named it, else nobody could tell.
    const choices = draft.stated.filter(({ field, value, text }) => last.value.includes(text) && (field !== "title" || sharesMost(value, said)));
    if (choices.length === 0) continue;
    const stated = random.pick(choices);
    const other = alter(random, stated, draft, today);
    const value = stated.field === "priority"
      ? last.value.replace(new RegExp(`\\b${stated.text}\\b(?!-)`, "g"), other.text) // "low" must not change "Follow up".
      : last.value.replaceAll(stated.text, other.text);
    if (value === last.value) continue;
    const conversations = [...draft.turns.slice(0, -1), { ...last, value }];
    return {
      line: toLine({ operation: draft.operation, scenario: draft.scenario, conversations }),
      says: `The assistant confirms ${stated.field} ${other.value}; asked for was ${stated.value}.`,
      detail: { field: stated.field, confirmed: other.value }, truth: { [stated.field]: stated.value },
    };
  }
  return undefined;
}

function sharesMost(title: string, said: string): boolean {
  const words = contentWords(title);
  const heard = new Set(contentWords(said));
  return words.filter((word) => heard.has(word)).length >= 0.6 * words.length;
}

function alter(random: Random, stated: Statement, draft: Draft, today: string): { value: string; text: string } {
  switch (stated.field) {
    case "priority": {
      const value = random.pick(PRIORITIES.filter((priority) => priority !== stated.value));
      return { value, text: value };
    }
    case "title": {
      for (;;) {
        const value = makeTask(random, draft.setting).title;
        const words = new Set(contentWords(stated.value));
        if (!contentWords(value).some((word) => words.has(word))) return { value, text: value };
      }
    }
    case "due_date": {
      for (;;) {
        const value = addDays(stated.value, random.pick([-9, -4, -3, -2, -1, 1, 2, 3, 4, 6, 7, 9, 14, 28]));
        if (value >= today) return { value, text: writeDate(value, draft.dateStyle) };
      }
    }
  }
}

function breakJson(random: Random, row: Row): Damage {
  const good = toLine(row);
  for (;;) {
    const way = random.pick(["truncated", "unescaped-quote", "missing-comma", "single-quotes", "trailing-comma", "prose"] as const);
    const line = {
      truncated: () => good.slice(0, random.integer(Math.ceil(good.length * 0.4), good.length - 2)),
      "unescaped-quote": () => good.replace(/("value":")([^"\\]{3,}?) /, '$1$2" '),
      "missing-comma": () => good.replace('","value"', '" "value"'),
      "single-quotes": () => good.replaceAll('"', "'"),
      "trailing-comma": () => good.replace(/\]\}$/, ",]}"),
      prose: () => `Here is the next conversation: ${good}`,
    }[way]();
    if (!isJson(line)) return { line, says: `Not JSON (${way}).`, detail: { way }, truth: { line: good } };
  }
}

function violateSchema(random: Random, row: Row): Damage {
  const [first, ...rest] = row.conversations;
  const way = random.pick(["missing-value", "unknown-role", "starts-with-gpt", "empty-value", "no-answer", "renamed-field", "not-a-list"] as const);
  const broken: Readonly<Record<typeof way, () => unknown>> = {
    "missing-value": () => ({ ...row, conversations: row.conversations.map((turn, i) => (i === 1 ? { from: turn.from } : turn)) }),
    "unknown-role": () => ({ ...row, conversations: row.conversations.map((turn, i) => (i === 1 ? { ...turn, from: random.pick(["bot", "ai_model", "helper"]) } : turn)) }),
    "starts-with-gpt": () => ({ ...row, conversations: rest }),
    "empty-value": () => ({ ...row, conversations: row.conversations.map((turn, i) => (i === row.conversations.length - 1 ? { ...turn, value: random.pick(["", "  ", "\n"]) } : turn)) }),
    "no-answer": () => ({ ...row, conversations: first === undefined ? [] : [first] }),
    "renamed-field": () => ({ operation: row.operation, scenario: row.scenario, dialogue: row.conversations }),
    "not-a-list": () => ({ ...row, conversations: spokenText(row.conversations) }),
  };
  return { line: JSON.stringify(broken[way]()), says: `Valid JSON, but not a ShareGPT row (${way}).`, detail: { way }, truth: { line: toLine(row) } };
}

/** The assistant goes on and on; more than 512 tokens, while a good row stays far below. */
function lengthen(random: Random, row: Row, spec: SceneSpec): Damage {
  const ramble: string[] = [];
  while (ramble.join(" ").length < 3000) {
    const task = makeTask(random, spec.setting);
    ramble.push(random.pick([
      `By the way, ${task.gerund} is also something people often put on their list.`, `Some users add a note like "${makeNote(random, spec.setting)}", which can help.`,
      `You might also think about ${task.gerund}, although you didn't ask for it.`, `In general a task such as "${task.title}" deserves a clear title.`,
      `As a reminder, I can create, update, complete, delete and list tasks whenever you want.`, `If you ever need to ${task.action}, just say so.`,
      `There are many ways to organise a list, and "${task.title}" could go to the top or to the bottom of it.`,
    ]));
  }
  const last = row.conversations.length - 1;
  const conversations = row.conversations.map((turn, i) => (i === last ? { ...turn, value: `${turn.value} ${ramble.join(" ")}` } : turn));
  return { line: toLine({ ...row, conversations }), says: "Far too long: the assistant rambles.", detail: { characters: String(spokenText(conversations).length) }, truth: { conversations: JSON.stringify(row.conversations) } };
}

/** Windows-1252 for bytes 0x80 to 0x9f; with it, UTF-8 read in the wrong code page comes out as it does in real files. */
const CP1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

function misread(text: string): string {
  return [...Buffer.from(text, "utf8")].map((byte) => (byte >= 0x80 && byte <= 0x9f ? CP1252.charAt(byte - 0x80) : String.fromCharCode(byte))).join("");
}

function soil(random: Random, row: Row): Damage {
  const ways = random.sample(["mojibake", "no-break-spaces", "zero-width", "space-runs", "stray-ends"] as const, random.integer(1, 3));
  const conversations = row.conversations.map((turn) => ({ ...turn, value: ways.reduce((text, way) => {
    switch (way) {
      case "mojibake": return misread(text.replaceAll("'", "’").replaceAll('"', "”"));
      case "no-break-spaces": return text.replace(/ (?=\S+$)/, "\u00a0").replace(" ", "\u00a0");
      case "zero-width": return text.replace(/(\p{L})(\p{L})/u, "$1\u200b$2");
      case "space-runs": return text.replace(/, /g, ",   ").replace(" ", "  ");
      case "stray-ends": return `  ${text} \t`;
    }
  }, turn.value) }));
  return { line: toLine({ ...row, conversations }), says: `Dirty text (${ways.join(", ")}).`, detail: { ways }, truth: { conversations: JSON.stringify(row.conversations) } };
}

type Edit = (text: string) => string;

const EDITS: readonly Edit[] = [
  (text) => text.replace(/\bcan you\b/i, "could you"), (text) => text.replace(/\bcould you\b/i, "can you"), (text) => text.replace(/\bplease /i, ""),
  (text) => text.replace(/\bI've\b/, "I have"), (text) => text.replace(/\b[Ii]t's\b/, "it is"), (text) => text.replace(/\bI need to\b/, "I have to"), (text) => text.replace(/\bI have to\b/, "I must"),
  (text) => text.replace(/^(Done|Okay|Sure|Got it|OK|All right|Of course|Understood)\b/m, "Fine"), (text) => text.replace(/\bis marked as\b/, "is now marked as"),
  (text) => text.replace(/ Thanks\.?$/, ""), (text) => text.replace(/ Thank you[.!]?$/, " Thanks."), (text) => text.replace(/\bmy list\b/, "the list"), (text) => text.replace(/\bshow me\b/i, "list"),
  (text) => text.replace(/\bis now\b/, "is"), (text) => text.replace(/\bhas been\b/, "was"), (text) => text.replace(/ Anything else\?$/, ""),
  (text) => `${text.replace(/[.!?]$/, "")}, thanks`, (text) => `Well, ${lower(text)}`, (text) => `So ${lower(text)}`, (text) => `${text} Okay?`,
];

/**
 * A copy with a few words changed: between `floor` and 1 in Jaccard similarity of word 3-shingles, the text of all
 * turns together. Undefined where the row is too short to be changed so little.
 */
export function almostCopy(random: Random, turns: readonly Turn[], floor = 0.82): { turns: Turn[]; similarity: number } | undefined {
  const original = shinglesOf(spokenText(turns));
  let best: { turns: Turn[]; similarity: number } | undefined;
  for (let tries = 0; tries < 60; tries++) {
    const copy = turns.map((turn) => ({ ...turn }));
    for (const edit of random.sample(EDITS, random.integer(1, 3))) {
      const turn = random.pick(copy);
      turn.value = edit(turn.value);
    }
    const similarity = jaccard(original, shinglesOf(spokenText(copy)));
    // Keep the most changed copy that is still near enough.
    if (similarity >= floor && similarity < 1 && (best === undefined || similarity < best.similarity)) best = { turns: copy, similarity };
  }
  return best;
}
