import type { Example } from "../data/example.js";
import type { ChatTurn } from "./tokens.js";

/** One thing to judge, scored from 1 (bad) to 5 (good). */
export interface Criterion {
  /** Letters, digits and `_`; the key of the score. */
  name: string;
  /** What a 5 looks like, in one sentence. */
  description: string;
}

/** The rubric of the Task API dataset. */
export const TASK_API_RUBRIC: readonly Criterion[] = [
  { name: "natural_language", description: "the user sounds like a real person, the assistant like a competent one" },
  { name: "accuracy", description: "the assistant does what was asked: right task, right date counted from today, right priority" },
  { name: "completeness", description: "everything needed is asked for or confirmed; nothing is left open or padded" },
  { name: "format", description: "about the Task API, and the operation label fits what happens" },
];

const SYSTEM = `You grade training conversations for a task assistant. Be strict: a wrong date, priority, task or label is a serious fault, however polite the answer. Length is no merit, and the order of the conversations means nothing.
For each conversation give one short reason (at most 12 words), then a score from 1 to 5 for each criterion:
`;

/** The messages of one request: the rubric, and the numbered conversations. */
export function writeJudgePrompt(examples: readonly Example[], rubric: readonly Criterion[], today: string): ChatTurn[] {
  const blocks = examples.map((example, i) => {
    const label = example.extra["operation"];
    const turns = example.messages.map((message) => `${message.role.toUpperCase()}: ${message.content ?? JSON.stringify(message.tool_calls ?? [])}`);
    return `### ${i + 1}${typeof label === "string" ? ` (operation: ${label})` : ""}\n${turns.join("\n")}`;
  });
  return [
    { role: "system", content: SYSTEM + rubric.map(({ name, description }) => `- ${name}: ${description}`).join("\n") },
    { role: "user", content: `Today is ${today}. Grade these ${examples.length} conversations.\n\n${blocks.join("\n\n")}` },
  ];
}

/** A conversation as the judge sees it. */
export interface JudgedText {
  operation: string | undefined;
  turns: { role: string; text: string }[];
}

/** Reads a judge prompt back; undefined when it is none. */
export function readJudgePrompt(messages: readonly { role: string; content: string }[]):
  { today: string; criteria: string[]; conversations: JudgedText[] } | undefined {
  const [system, user] = messages;
  const head = /^Today is (\d{4}-\d{2}-\d{2})\. Grade these \d+ conversations\.\n\n/.exec(user?.content ?? "");
  if (system === undefined || user === undefined || head?.[1] === undefined || !system.content.startsWith(SYSTEM)) return undefined;
  const criteria = [...system.content.slice(SYSTEM.length).matchAll(/^- (\w+): /gm)].map((match) => match[1] ?? "");
  const conversations = user.content.slice(head[0].length).split(/(?:^|\n\n)(?=### \d+)/).filter((block) => block !== "").map((block): JudgedText => {
    const title = /^### \d+(?: \(operation: ([^)\n]*)\))?\n/.exec(block);
    const turns: JudgedText["turns"] = [];
    for (const line of block.slice(title?.[0].length ?? 0).split("\n")) {
      const start = /^(SYSTEM|USER|ASSISTANT|TOOL): (.*)$/.exec(line);
      const last = turns.at(-1);
      if (start !== null) turns.push({ role: (start[1] ?? "").toLowerCase(), text: start[2] ?? "" });
      else if (last !== undefined) last.text += `\n${line}`;
    }
    return { operation: title?.[1], turns };
  });
  return { today: head[1], criteria, conversations };
}
