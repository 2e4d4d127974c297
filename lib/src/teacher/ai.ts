/** `ai` runs the prompts of a lesson's last section in place, through the teacher's door. */
import { currentLesson } from "../course/lesson.js";
import { LiveDisplay, escapeHtml, PLAIN_HTML, show, type MimeBundle } from "../course/display.js";
import { fillGaps, readAiParts } from "../course/try-with-ai.js";
import { workbookPath } from "../course/workbook.js";
import { openTeacher, type Teacher } from "./teacher.js";
import type { ChatTurn } from "./tokens.js";

const REDRAW_MS = 100;
/** Dollars that one notebook may spend on its prompts until it is restarted. */
const BUDGET_USD = 0.25;
const MAX_TOKENS = 2000;

let session: { teacher: Teacher; turns: ChatTurn[] } | undefined;

/**
 * Runs a part of Try With AI and shows the answer as it is written, with its cost. The conversation goes on from call to call;
 * part 1 begins it anew.
 *
 * Behind the simulator is no language model: there the prompt is shown, to be copied into an assistant of yours.
 *
 * @param what the part's number, or words of your own
 * @param gaps what to put into the prompt's [gaps], in their order
 * @throws Error where no lesson is open, the part has no prompt, or a gap has no text; TeacherError and BudgetExceeded as the teacher does
 */
export async function ai(what: number | string, ...gaps: string[]): Promise<void> {
  const prompt = typeof what === "string" ? fillGaps(what, gaps) : promptOf(what, gaps);
  session ??= { teacher: await openTeacher({ budgetUsd: BUDGET_USD }), turns: [] };
  if (what === 1) session.turns = [];
  if (session.teacher.door.kind === "simulator") return showPrompt(prompt);
  const turns: ChatTurn[] = [...session.turns, { role: "user", content: prompt }];
  const text = await answer(session.teacher, turns, prompt);
  session.turns = [...turns, { role: "assistant", content: text }];
}

function promptOf(number: number, gaps: readonly string[]): string {
  const lesson = currentLesson();
  if (!lesson?.notebook) throw new Error("No lesson is open in this notebook: run its first code cell, openLesson(…).");
  const parts = readAiParts(workbookPath(`notebooks/${lesson.notebook}`));
  const part = parts.find((one) => one.number === number);
  if (!part) throw new Error(`Try With AI has parts 1 to ${parts.length}; there is no part ${number}.`);
  if (part.prompt === undefined) throw new Error(`Part ${number}, ${part.title}, has no prompt of its own: ${part.text.split("\n")[0]} Say it in your words: ai("…").`);
  return fillGaps(part.prompt, gaps);
}

async function answer(teacher: Teacher, turns: ChatTurn[], prompt: string): Promise<string> {
  const display = new LiveDisplay();
  const stream = teacher.stream({ messages: turns, maxTokens: MAX_TOKENS });
  let text = "", drawn = 0;
  for (;;) {
    const { value, done } = await stream.next();
    if (done) {
      const { input, output } = value.usage;
      const cost = value.cached ? "answered before, at no cost" : `$${value.cost.toFixed(4)}`;
      display.end(bundleOf(prompt, value.text, `${value.model}: ${input} tokens in, ${output} out, ${cost}; $${teacher.meter.spent.toFixed(4)} of $${BUDGET_USD.toFixed(2)} in this notebook`));
      return value.text;
    }
    text += value;
    if (Date.now() - drawn < REDRAW_MS) continue;
    drawn = Date.now();
    display.update(bundleOf(prompt, text, "…"));
  }
}

const bundleOf = (prompt: string, text: string, note: string): MimeBundle => ({
  "text/plain": `You: ${prompt}\n\n${text}\n\n${note}`,
  "text/markdown": `${prompt.split("\n").map((line) => `> ${line}`).join("\n")}\n\n${text}\n\n*${note}*`,
});

function showPrompt(prompt: string): void {
  const why = "No language model is behind the teacher's door (the simulator writes and judges data only). Copy the prompt into your assistant, or set OPENAI_API_KEY and start the workbook again.";
  show({
    "text/plain": `${prompt}\n\n${why}`,
    "text/html": `<div class="${PLAIN_HTML}"><pre style="white-space:pre-wrap;border:1px solid;padding:.6em" tabindex="0">${escapeHtml(prompt)}</pre><p>${escapeHtml(why)}</p></div>`,
  });
}
