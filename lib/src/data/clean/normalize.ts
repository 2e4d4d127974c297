/// <reference lib="es2024.string" />
import type { Example, Message } from "../example.js";

/** What normalisation can change in a text. */
export const NORMALIZE_CHANGES = [
  "line-endings",
  "invisible-characters",
  "control-characters",
  "unusual-spaces",
  "unicode-form",
  "lone-surrogates",
  "trailing-spaces",
  "blank-lines",
] as const;
export type NormalizeChange = (typeof NORMALIZE_CHANGES)[number];

/** How many texts of an example each kind of change touched; a kind that touched none is absent. */
export type ChangeCounts = Partial<Record<NormalizeChange, number>>;

// Zero width space, word joiner and invisible operators, byte order mark, soft hyphen, and the bidirectional
// embeddings, overrides and isolates (the "Trojan Source" characters). LRM and RLM stay: Arabic and Hebrew need them.
const INVISIBLE = /[\u200B\u2060-\u2064\uFEFF\u00AD\u202A-\u202E\u2066-\u2069]/g;
// The zero width joiner and non-joiner belong to emoji and to Indic, Persian and Arabic spelling, so they go only
// where no such letter can stand before them.
const STRAY_JOINER = /(^|[\x00-\x7F])[\u200C\u200D]+/g;
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u0084\u0086-\u009F]/g;
const SPACE_LIKE = /[\u00A0\u2000-\u200A\u202F\u205F]/g;
const LINE_ENDING = /\r\n?|[\u0085\u2028\u2029]/g;
const FENCE = /^ {0,3}(`{3,}(?!.*`)|~{3,})/;
// The fast way out for most texts: printable ASCII without a space or an empty line at either end …
const ALREADY_CLEAN = /^(?![ \n])[\n\t\x20-\x7E]*(?<!\s)$/;
// … and without a space before a newline or two empty lines in a row.
const SUSPECT_SPACING = /[ \t]\n|\n\n\n/;

// Any of the characters above, joiners everywhere: without one, a text in composed form is as clean as one in ASCII.
const SUSPECT_CHARACTER = /[\u0000-\u0008\u000B-\u001F\u007F-\u00A0\u00AD\u2000-\u200D\u2028-\u202F\u205F-\u2064\u2066-\u2069\uFEFF]/;
const CLEAN_ENDS = /^(?![ \n])[^]*(?<!\s)$/;

/** Whether nothing would change: most texts. */
function isClean(text: string): boolean {
  if (SUSPECT_SPACING.test(text)) return false;
  if (ALREADY_CLEAN.test(text)) return true;
  return !SUSPECT_CHARACTER.test(text) && CLEAN_ENDS.test(text) && text.isWellFormed() && text.normalize("NFC") === text;
}

function cleanProse(line: string, note: (change: NormalizeChange) => void): string {
  const replace = (text: string, pattern: RegExp, by: string, change: NormalizeChange): string => {
    const next = text.replace(pattern, by);
    if (next !== text) note(change);
    return next;
  };
  let text = replace(line, CONTROL, "", "control-characters");
  text = replace(text, INVISIBLE, "", "invisible-characters");
  text = replace(text, SPACE_LIKE, " ", "unusual-spaces");
  // Composed before joiners are looked at, because some signs compose to ASCII letters (the Kelvin sign to K), and
  // after, because without a joiner an accent can meet its letter.
  let composed = text.normalize("NFC");
  if (composed !== text) note("unicode-form");
  composed = replace(composed, STRAY_JOINER, "$1", "invisible-characters").normalize("NFC");
  return replace(composed, /[ \t]+$/, "", "trailing-spaces");
}

/**
 * Normalises one text: Unicode NFC, `\n` line endings, no control or zero-width characters, ordinary spaces, no
 * trailing spaces, at most one blank line in a row, none at the ends.
 *
 * Inside a fenced code block (CommonMark: three or more backticks or tildes, to the closing fence or the end)
 * only line endings and lone surrogates change, because there a space or a code point can matter.
 * Applying it twice gives what applying it once gave.
 *
 * @param text - any string, also one with lone surrogates
 * @returns the text, and the kinds of change made to it
 */
export function normalizeText(text: string): { text: string; changes: NormalizeChange[] } {
  if (isClean(text)) return { text, changes: [] };
  const changes = new Set<NormalizeChange>();
  const note = (change: NormalizeChange): void => void changes.add(change);

  let whole = text;
  if (!whole.isWellFormed()) {
    whole = whole.toWellFormed();
    note("lone-surrogates");
  }
  const unified = whole.replace(LINE_ENDING, "\n");
  if (unified !== whole) note("line-endings");

  const lines: string[] = [];
  let fence = "";
  for (const raw of unified.split("\n")) {
    if (fence) {
      lines.push(raw);
      const closing = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(raw)?.[1];
      if (closing?.startsWith(fence)) fence = "";
      continue;
    }
    // Cleaned first and looked at after, so that a second pass finds the same fences.
    let line = cleanProse(raw, note);
    if (lines.length === 0) {
      if (line === "") {
        note("blank-lines");
        continue;
      }
      // Up to three leading spaces mean nothing in Markdown; four make a code block.
      const stripped = line.replace(/^ {1,3}(?! )/, "");
      if (stripped !== line) note("trailing-spaces");
      line = stripped;
    }
    if (line === "" && lines.at(-1) === "") {
      note("blank-lines");
      continue;
    }
    lines.push(line);
    fence = FENCE.exec(line)?.[1] ?? "";
  }
  if (!fence) {
    while (lines.at(-1) === "") {
      lines.pop();
      note("blank-lines");
    }
  }
  return { text: lines.join("\n"), changes: [...changes] };
}

/**
 * Normalises every message of an example (not tool arguments, which are JSON, and not `extra`). The example
 * given is not changed.
 *
 * @param example - one example
 * @returns a new example when something changed, else the same one, and how many texts each change touched
 */
export function normalizeExample(example: Example): { example: Example; changes: ChangeCounts } {
  const changes: ChangeCounts = {};
  let changed = false;
  const message = (m: Message): Message => {
    if (m.content === null) return m;
    const result = normalizeText(m.content);
    if (result.changes.length === 0) return m;
    for (const change of result.changes) changes[change] = (changes[change] ?? 0) + 1;
    changed = true;
    return { ...m, content: result.text };
  };
  const messages = example.messages.map(message);
  const preference = example.preference && {
    chosen: example.preference.chosen.map(message),
    rejected: example.preference.rejected.map(message),
  };
  if (!changed) return { example, changes };
  return { example: { ...example, messages, ...(preference ? { preference } : {}) }, changes };
}

/**
 * The first turn that carries nothing: no text after normalisation and no tool call. A tool result may be empty.
 *
 * @returns its 0-based index among {@link everyMessage}'s turns and its role, or undefined
 */
export function emptyTurn(messages: readonly Message[]): { index: number; role: string } | undefined {
  const index = messages.findIndex((m) => m.role !== "tool" && !m.content && !m.tool_calls?.length);
  const found = messages[index];
  return found ? { index, role: found.role } : undefined;
}
