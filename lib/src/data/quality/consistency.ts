import { z } from "zod";
import { exampleText } from "../clean/content.js";
import type { Example } from "../example.js";
import { groupSimilar } from "../split/similar.js";
import { excerpt, turnsOf } from "./finding.js";
import { meanScore, PartSchema, percent, tally, type Part } from "./score.js";
import { dateStyles } from "./task-api/dates.js";
import { wordsOf } from "./words.js";

const StyleSchema = z.object({ style: z.string(), rows: z.int() });

export const ConsistencySchema = z.object({
  score: z.number().nullable(),
  parts: z.array(PartSchema),
  /** Groups of nearly the same request whose labels differ, up to 20. */
  conflicts: z.array(z.object({ text: z.string(), labels: z.record(z.string(), z.array(z.int())) })),
  /** How assistants write dates, quotation marks and the end of a turn. */
  styles: z.object({ dates: z.array(StyleSchema), quotes: z.array(StyleSchema), endings: z.array(StyleSchema) }),
});
export type Consistency = z.infer<typeof ConsistencySchema>;

export interface ConsistencyOptions {
  /** The extra field that labels a row. Default `operation`. */
  label?: string;
  /** Jaccard similarity from which two first user turns are the same request. Default 0.8. */
  threshold?: number;
}

const SHOWN = 20;
/** Shorter requests ("yes", "the first one") mean something only in their conversation. */
const LEAST_WORDS = 4;

const QUOTES: readonly [string, RegExp][] = [["\"…\"", /"[^"\n]{1,400}"/], ["'…'", /(?<![\p{L}\p{N}])'[^'\n]{1,400}'(?!\p{L})/u], ["“…”", /“[^”\n]{1,400}”/], ["‘…’", /‘[^’\n]{1,400}’(?!\p{L})/u], ["«…»", /«[^»\n]{1,400}»/], ["`…`", /`[^`\n]{1,400}`/]];

function endingOf(turn: string): string {
  const last = turn.trim().at(-1) ?? "";
  return /[.!?…:]/.test(last) ? last : /[\p{L}\p{N}]/u.test(last) ? "none" : "other";
}

/**
 * Measures whether like is treated alike: requests that are nearly the same should have the same label, and the
 * assistant should write dates, quotation marks and ends of turns in one way. A style's score is the share of the
 * turns that use the most frequent one.
 */
export function measureConsistency(examples: readonly Example[], { label = "operation", threshold = 0.8 }: ConsistencyOptions = {}): Consistency {
  const asking = examples.flatMap((example, index) => {
    const value = example.extra[label];
    const text = exampleText(example, "first-user");
    return (typeof value === "string" || typeof value === "number") && wordsOf(text).length >= LEAST_WORDS ? [{ index, text, value: String(value), example }] : [];
  });
  // Only the request is compared: answers to the same request may differ.
  const groups = groupSimilar(asking.map(({ text }): Example => ({ messages: [{ role: "user", content: text }], extra: {} })), { threshold, scope: "first-user" });
  let alike = 0;
  let torn = 0;
  const conflicts: Consistency["conflicts"] = [];
  for (const members of groups.several()) {
    const rows = [...members].map((place) => asking[place]).filter((row) => row !== undefined);
    alike += rows.length;
    const labels = new Map<string, number[]>();
    for (const { value, index } of rows) labels.set(value, [...(labels.get(value) ?? []), index]);
    if (labels.size < 2) continue;
    torn += rows.length;
    if (conflicts.length < SHOWN) conflicts.push({ text: excerpt(rows[0]?.text ?? "", 120), labels: Object.fromEntries(labels) });
  }
  const turns = examples.flatMap((example) => turnsOf(example, "assistant"));
  const styles = {
    dates: styleRows(turns.flatMap(dateStyles)),
    quotes: styleRows(turns.flatMap((turn) => QUOTES.filter(([, pattern]) => pattern.test(turn)).map(([name]) => name))),
    endings: styleRows(turns.map(endingOf)),
  };
  const styled = (name: string, rows: Consistency["styles"]["dates"]): Part => {
    const [most] = rows;
    const all = rows.reduce((sum, row) => sum + row.rows, 0);
    if (!most) return { name, score: null, says: "none found" };
    return { name, score: most.rows / all, says: `${rows.length} ${rows.length === 1 ? "style" : "styles"}; the most frequent, ${most.style}, in ${percent(most.rows / all)} of ${all}` };
  };
  const parts: Part[] = [
    asking.length === 0 ? { name: "same request, same label", score: null, says: `no row has the field "${label}" and a request of ${LEAST_WORDS} words` }
      : alike === 0 ? { name: "same request, same label", score: null, says: `no two requests are ${threshold} similar or more` }
        : { name: "same request, same label", score: 1 - torn / alike, says: `of ${alike} rows whose request has a near-copy, ${torn} share it with a row of another ${label}` },
    styled("date format", styles.dates), styled("quotation marks", styles.quotes), styled("end of a turn", styles.endings),
  ];
  return { score: meanScore(parts), parts, conflicts, styles };
}

function styleRows(styles: readonly string[]): { style: string; rows: number }[] {
  return tally(styles).map(([style, rows]) => ({ style, rows }));
}
