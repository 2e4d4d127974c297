import type { Example } from "../example.js";

/** What a rule or check found wrong with one example. */
export interface Finding {
  /** Short and stable, for counting: `too-repetitive`. */
  code: string;
  /** One sentence for a person: what was found where, with the number that decided. */
  reason: string;
}

/** A rule for one example: a name, its settings, and what it finds. */
export interface Rule {
  name: string;
  /** What decides its answer, for a manifest. */
  settings?: Readonly<Record<string, unknown>>;
  find(example: Example): Finding | undefined;
}

/** The words of a role, turn by turn; for a preference pair, the chosen answer's too. */
export function turnsOf(example: Example, role: "user" | "assistant"): string[] {
  const turns = [...example.messages, ...(example.preference?.chosen ?? [])];
  return turns.flatMap((message) => (message.role === role && message.content ? [message.content] : []));
}

/** A piece of a text short enough for a sentence. */
export function excerpt(text: string, length = 60): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
}
