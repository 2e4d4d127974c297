import type { Example } from "../data/example.js";
import { OPERATIONS, PRIORITIES, type Operation, type Priority } from "./task-api.js";
import type { ChatTurn } from "./tokens.js";

/** What a user of the Task API wants, as a reader of the conversation understands it; null for what was not said. */
export interface TaskFields {
  operation: Operation;
  title: string | null;
  /** YYYY-MM-DD. */
  due_date: string | null;
  priority: Priority | null;
}

const SYSTEM = `You read conversations with the assistant of a Task API. For each say what the user wants in the end. Go by what the user says: the assistant may have got it wrong.
- operation: one of ${OPERATIONS.join(", ")}
- title: the task it is about, as written, or null
- due_date: the day the user asks for last, as YYYY-MM-DD, counted from today; null if none
- priority: one of ${PRIORITIES.join(", ")} that the user asks for last; null if none
Do not guess: what was not said is null.`;

/** The messages of one request. The label is not shown: it is what is checked. */
export function writeFieldsPrompt(examples: readonly Example[], today: string): ChatTurn[] {
  const blocks = examples.map((example, i) => {
    const turns = example.messages.filter(({ role }) => role !== "system");
    return `### ${i + 1}\n${turns.map(({ role, content }) => `${role.toUpperCase()}: ${content ?? ""}`).join("\n")}`;
  });
  return [
    { role: "system", content: SYSTEM },
    { role: "user", content: `Today is ${today}. Read these ${examples.length} conversations.\n\n${blocks.join("\n\n")}` },
  ];
}

/** Reads such a prompt back; undefined when it is none. */
export function readFieldsPrompt(messages: readonly { role: string; content: string }[]):
  { today: string; conversations: { role: "user" | "assistant"; text: string }[][] } | undefined {
  const [system, user] = messages;
  const head = /^Today is (\d{4}-\d{2}-\d{2})\. Read these \d+ conversations\.\n\n/.exec(user?.content ?? "");
  if (system?.content !== SYSTEM || user === undefined || head?.[1] === undefined) return undefined;
  const conversations = user.content.slice(head[0].length).split(/(?:^|\n\n)(?=### \d+\n)/).filter((block) => block !== "").map((block) => {
    const turns: { role: "user" | "assistant"; text: string }[] = [];
    for (const line of block.replace(/^### \d+\n/, "").split("\n")) {
      const start = /^(USER|ASSISTANT): (.*)$/.exec(line);
      const last = turns.at(-1);
      if (start !== null) turns.push({ role: start[1] === "USER" ? "user" : "assistant", text: start[2] ?? "" });
      else if (last !== undefined) last.text += `\n${line}`;
    }
    return turns;
  });
  return { today: head[1], conversations };
}
