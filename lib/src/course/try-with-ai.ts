/** The last section of a lesson, Try With AI, as its notebook holds it. */
import { readFileSync } from "node:fs";
import { z } from "zod";

/** One of the five parts: what it tells you to do, and the prompt in it, where it has one. */
export interface AiPart {
  number: number;
  title: string;
  /** The part's text without the prompt. */
  text: string;
  prompt: string | undefined;
}

const Notebook = z.object({ cells: z.array(z.object({ cell_type: z.string(), source: z.union([z.string(), z.array(z.string())]) })) });

/**
 * Reads the parts from a notebook's file.
 *
 * @throws Error where the notebook has no such section
 */
export function readAiParts(path: string): AiPart[] {
  const { cells } = Notebook.parse(JSON.parse(readFileSync(path, "utf8")));
  const text = cells.filter(({ cell_type }) => cell_type === "markdown").map(({ source }) => (typeof source === "string" ? source : source.join(""))).join("\n\n");
  const section = text.split(/^## Try With AI$/m)[1];
  if (section === undefined) throw new Error(`${path} has no section Try With AI`);
  return section.split(/^### (?=\d\. )/m).slice(1).map(readPart);
}

function readPart(text: string): AiPart {
  const [heading = "", ...lines] = text.split("\n");
  const quoted = lines.filter((line) => line.startsWith(">")).map((line) => line.replace(/^> ?/, ""));
  return {
    number: Number(heading[0]), title: heading.replace(/^\d\. /, "").trim(),
    text: lines.filter((line) => !line.startsWith(">")).join("\n").trim(),
    // Lines of a source are wrapped; what was one paragraph is one line for the assistant.
    prompt: quoted.length ? quoted.join("\n").trim().replace(/(?<!\n)\n(?!\n|[-*\d])/g, " ") : undefined,
  };
}

/** What a prompt leaves to be filled in: "[paste ten lines of task_api_train.jsonl]". */
export const gapsOf = (prompt: string): string[] => [...prompt.matchAll(/\[[^\]\n]+\](?!\()/g)].map(([gap]) => gap);

/**
 * Puts texts into a prompt's gaps, in their order.
 *
 * @throws Error that names the gap for which there is no text, or says that there are more texts than gaps
 */
export function fillGaps(prompt: string, texts: readonly string[]): string {
  const gaps = gapsOf(prompt);
  if (texts.length < gaps.length) throw new Error(`The prompt has a gap, ${gaps[texts.length]}. Give its text behind the number: ai(1, "…").`);
  if (texts.length > gaps.length) throw new Error(`The prompt has ${gaps.length === 0 ? "no gap" : `only ${gaps.length} of them`}, and ${texts.length} texts were given.`);
  let at = 0;
  return prompt.replace(/\[[^\]\n]+\](?!\()/g, () => `\n\n${texts[at++]}\n\n`).trim();
}
