import type { ChatTurn } from "./tokens.js";

/** A passage of a document. */
export interface Chunk {
  text: string;
  /** The heading it stands under; empty where there is none. */
  heading: string;
  /** The file or address it comes from. */
  source: string;
}

const SYSTEM = `You turn a passage of a document into training pairs: an instruction that a reader of the document might give, and the answer.
- Answer only from the passage, in its own words where you can. Add nothing that it does not say.
- An instruction must make sense to somebody who does not see the passage: name the subject, never write "this passage".
- Prefer questions about what, how, why and when over questions about wording. No two instructions may ask the same.
- Fewer pairs are fine when the passage does not hold more; none when it holds no facts.`;

/** The messages of one request for pairs. */
export function writePairPrompt(chunk: Chunk, pairs: number): ChatTurn[] {
  return [
    { role: "system", content: SYSTEM },
    { role: "user", content: `Write up to ${pairs} pairs.\nSource: ${oneLine(chunk.source)}\nHeading: ${oneLine(chunk.heading)}\nPassage:\n${chunk.text}` },
  ];
}

/** Reads a prompt for pairs back; undefined when it is none. */
export function readPairPrompt(messages: readonly { role: string; content: string }[]): { chunk: Chunk; pairs: number } | undefined {
  const match = /^Write up to (\d+) pairs\.\nSource: (.*)\nHeading: (.*)\nPassage:\n([\s\S]*)$/.exec(messages[1]?.content ?? "");
  if (match === null || messages[0]?.content !== SYSTEM) return undefined;
  const [, pairs, source = "", heading = "", text = ""] = match;
  return { chunk: { text, heading, source }, pairs: Number(pairs) };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
