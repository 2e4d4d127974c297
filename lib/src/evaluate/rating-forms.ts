/** Forms for people who rate replies without knowing whose they are, and what they filled in. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { writeFileAtomic } from "../data/jsonl/writer.js";
import { Random } from "../teacher/random.js";
import { ratingPage } from "./rating-page.js";

/** A request with one reply of each system. */
export interface RatedItem {
  id: string;
  request: string;
  /** By the system's name. */
  replies: Readonly<Record<string, string>>;
}

/** What raters answer of each pair. The answers of every question are "A", "B" and "tie". */
export interface RatingQuestion {
  /** Letters, digits and `_`: the column. */
  id: string;
  /** As the rater reads it: "Which reply is more encouraging?" */
  text: string;
}

export interface RatingPlan {
  items: readonly RatedItem[];
  /** The two that are compared. */
  systems: readonly [string, string];
  questions: readonly RatingQuestion[];
  /** Their names become file names: letters, digits, `-` and `_`. */
  raters: readonly string[];
  seed: number;
}

/** One answer of one rater, with the name of the system in place of A or B. */
export interface Rating {
  rater: string;
  item: string;
  question: string;
  /** A system's name, or "tie"; null where nothing was filled in. */
  answer: string | null;
}

const ANSWERS = ["A", "B", "tie"] as const;
const KEY = "key.json";
const TEXT_COLUMNS: readonly string[] = ["item", "request", "A", "B"];
const NAME = /^[\w-]+$/;

const RatingKey = z.object({
  systems: z.tuple([z.string(), z.string()]),
  questions: z.array(z.object({ id: z.string(), text: z.string() })),
  /** Rater to item to the system that stands as A. */
  first: z.record(z.string(), z.record(z.string(), z.string())),
  /** SHA-256 of the items: what was rated. Keys of before 2026-11-22 have none. */
  items: z.string().optional(),
});

/** A folder of forms cannot be written or read. */
export class RatingError extends Error {
  override name = "RatingError";
}

interface FormRow {
  item: string;
  request: string;
  A: string;
  B: string;
}

/**
 * Writes a form for each rater, as CSV for a spreadsheet and as a page for a browser, and `key.json`, which raters do not get: it says
 * who is A. Order and sides are drawn for each rater, each system standing as A for half of the items (give or take one).
 *
 * Forms of the same plan that are there are left as they are, filled in or not.
 *
 * @throws RatingError for a plan that cannot be rated, and when the folder holds the forms of another plan
 */
export async function writeRatingForms({ items, systems, questions, raters, seed }: RatingPlan, folder: string): Promise<string[]> {
  const [one, other] = systems;
  if (items.length === 0 || questions.length === 0 || raters.length === 0) throw new RatingError("a plan needs items, questions and raters, at least one of each");
  if (one === other) throw new RatingError(`both systems are called "${one}"`);
  for (const [what, names] of [["item", items.map(({ id }) => id)], ["question", questions.map(({ id }) => id)], ["rater", raters]] as const) {
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw new RatingError(`the ${what} "${twice}" stands there twice`);
  }
  const bad = [...raters, ...questions.map(({ id }) => id)].find((name) => !NAME.test(name));
  if (bad !== undefined) throw new RatingError(`"${bad}" becomes a file or a column: letters, digits, - and _ only`);
  const taken = questions.find(({ id }) => TEXT_COLUMNS.includes(id));
  if (taken) throw new RatingError(`a question cannot be called "${taken.id}": the form has another column of that name`);
  const changed = items.find(({ id }) => cell(id) !== id || id.trim() !== id || id === "");
  if (changed) throw new RatingError(`the item "${changed.id}" would not come back from a spreadsheet as it is: begin with a letter or digit, without commas, quotes, tabs and spaces around it`);
  for (const { id, replies } of items) {
    const missing = systems.find((system) => !Object.hasOwn(replies, system));
    if (missing !== undefined) throw new RatingError(`the item "${id}" has no reply of "${missing}"`);
  }
  const first = Object.fromEntries(raters.map((rater) => {
    const drawn = new Random(seed, "sides", rater).shuffle(items.map((_, at) => (at % 2 === 0 ? one : other)));
    return [rater, Object.fromEntries(items.map(({ id }, at) => [id, drawn[at] as string]))];
  }));
  const rated = items.map(({ id, request, replies }) => [id, request, replies[one], replies[other]]);
  const key = `${JSON.stringify({ systems, questions, first, items: createHash("sha256").update(JSON.stringify(rated)).digest("hex") }, null, 1)}\n`;
  const keyPath = join(folder, KEY);
  if (existsSync(keyPath) && readFileSync(keyPath, "utf8") !== key) {
    throw new RatingError(`${folder} holds the forms of another plan: choose an empty folder, or move those forms away; what was filled in is worth keeping`);
  }
  mkdirSync(folder, { recursive: true });
  await writeFileAtomic(keyPath, key);
  const written: string[] = [];
  for (const rater of raters) {
    const rows = new Random(seed, "order", rater).shuffle(items).map(({ id, request, replies }): FormRow => {
      const a = first[rater]?.[id] as string;
      return { item: id, request, A: replies[a] as string, B: replies[a === one ? other : one] as string };
    });
    const head = [...TEXT_COLUMNS, ...questions.map(({ id }) => id)];
    const csv = csvOf([head, ...rows.map(({ item, request, A, B }) => [item, request, A, B, ...questions.map(() => "")])]);
    const files: [string, string][] = [[`${rater}.csv`, csv], [`${rater}.html`, ratingPage({ rater, questions, rows })]];
    for (const [name, content] of files) {
      const path = join(folder, name);
      if (!existsSync(path)) await writeFileAtomic(path, content);
      written.push(path);
    }
  }
  return written;
}

/** A line may be shorter than the head: cells that are not there are empty ones. */
function csvOf(lines: readonly (readonly (string | undefined)[])[]): string {
  return lines.map((cells) => `${Array.from(cells, (text) => cell(text ?? "")).join(",")}\r\n`).join("");
}

/** A cell of a CSV file. What a spreadsheet would take for a formula gets an apostrophe, as OWASP advises (CSV Injection). */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",;\t\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Reads the forms of a folder back. Only the columns of item and answers are read, so a spreadsheet may do to the texts what it likes.
 *
 * @returns one rating for each rater, item and question, in the key's order; raters whose CSV file is not there are left out
 * @throws RatingError naming file, line and column of an answer that is none, an item that is unknown or stands there twice, or a column that is missing
 */
export function readRatingForms(folder: string): Rating[] {
  const keyPath = join(folder, KEY);
  if (!existsSync(keyPath)) throw new RatingError(`${folder} has no ${KEY}: it says which system is A; writeRatingForms wrote it beside the forms`);
  const parsed = RatingKey.safeParse(readJson(keyPath));
  if (!parsed.success) throw new RatingError(`${keyPath} is not the key of a plan:\n${z.prettifyError(parsed.error)}`);
  const { systems: [one, other], questions, first } = parsed.data;
  const files = new Set(readdirSync(folder));
  return Object.entries(first).filter(([rater]) => files.has(`${rater}.csv`)).flatMap(([rater, sides]) => {
    const name = `${rater}.csv`;
    const filled = readFilled(join(folder, name), name, questions.map(({ id }) => id), sides);
    return Object.entries(sides).flatMap(([item, a]) => questions.map(({ id: question }): Rating => {
      const given = filled.get(item)?.[question];
      return { rater, item, question, answer: given === undefined ? null : given === "tie" ? "tie" : given === "A" ? a : a === one ? other : one };
    }));
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function readRecords(path: string, name: string): { record: string[]; info: { lines: number } }[] {
  try {
    const text = readFileSync(path, "utf8");
    // Spreadsheets of countries with a decimal comma write semicolons. The head says which it is: no column's name holds one of them.
    const delimiter = /[,;\t]/.exec(text)?.[0] ?? ",";
    return parse(text, { bom: true, delimiter, info: true, relax_column_count: true, skip_empty_lines: true }) as unknown as { record: string[]; info: { lines: number } }[];
  } catch (error) {
    throw new RatingError(`${name} is no CSV file: ${(error as Error).message}`, { cause: error });
  }
}

type Filled = Map<string, Record<string, (typeof ANSWERS)[number] | undefined>>;

function readFilled(path: string, name: string, questions: readonly string[], sides: Readonly<Record<string, string>>): Filled {
  const records = readRecords(path, name);
  const head = (records[0]?.record ?? []).map((text) => text.trim());
  const columns = ["item", ...questions].map((column): [string, number] => [column, head.indexOf(column)]);
  const missing = columns.find(([, at]) => at < 0);
  if (missing) throw new RatingError(`${name}, line 1: the column "${missing[0]}" is missing; the columns are ${head.join(", ")}`);
  const found: Filled = new Map();
  for (const { record, info: { lines } } of records.slice(1)) {
    const at = ([, place]: [string, number]): string => (record[place] ?? "").trim();
    const item = at(columns[0] as [string, number]);
    if (!Object.hasOwn(sides, item)) throw new RatingError(`${name}, line ${lines}: there is no item "${item}"; leave that column as it was written`);
    if (found.has(item)) throw new RatingError(`${name}, line ${lines}: the item "${item}" stands there twice`);
    found.set(item, Object.fromEntries(columns.slice(1).map((column) => {
      const text = at(column);
      const answer = ANSWERS.find((one) => one.toLowerCase() === text.toLowerCase());
      if (text !== "" && answer === undefined) throw new RatingError(`${name}, line ${lines}, column ${column[0]}: "${text}" is none of A, B, tie; leave it empty where you cannot say`);
      return [column[0], answer];
    })));
  }
  return found;
}

/**
 * Fills what a rater left open, by a program: to try a protocol before people are asked, never in their place. All else in the form
 * stays, so that a person can still rate it.
 *
 * @param answer gives a system's name, "tie", or null where there is nothing to say
 * @throws RatingError as {@link readRatingForms} does
 */
export async function fillRatingForm(folder: string, rater: string, answer: (item: string, question: string) => string | null): Promise<void> {
  const given = new Map(readRatingForms(folder).flatMap((rating) => (rating.rater === rater ? [[JSON.stringify([rating.item, rating.question]), rating.answer]] : [])));
  if (given.size === 0) throw new RatingError(`${folder} has no form of "${rater}"`);
  const { systems, questions, first } = RatingKey.parse(readJson(join(folder, KEY)));
  const name = `${rater}.csv`, path = join(folder, name);
  const [head = [], ...lines] = readRecords(path, name).map(({ record }) => record);
  const at = (column: string): number => head.findIndex((text) => text.trim() === column);
  for (const line of lines) {
    const item = (line[at("item")] ?? "").trim();
    for (const { id } of questions) {
      if (given.get(JSON.stringify([item, id])) !== null) continue;
      const said = answer(item, id);
      if (said !== null && said !== "tie" && !systems.includes(said)) throw new RatingError(`"${said}" is neither of the systems ${systems.join(", ")}`);
      line[at(id)] = said === null || said === "tie" ? (said ?? "") : said === first[rater]?.[item] ? "A" : "B";
    }
  }
  await writeFileAtomic(path, csvOf([head, ...lines]));
}

/** Ratings of one question as a table for `krippendorffAlpha`: one row an item, one entry a rater. */
export function ratingTable(ratings: readonly Rating[], question: string): { raters: string[]; items: string[]; table: (string | null)[][] } {
  const asked = ratings.filter((rating) => rating.question === question);
  const raters = [...new Set(asked.map(({ rater }) => rater))], items = [...new Set(asked.map(({ item }) => item))];
  const found = new Map(asked.map(({ rater, item, answer }) => [JSON.stringify([rater, item]), answer]));
  return { raters, items, table: items.map((item) => raters.map((rater) => found.get(JSON.stringify([rater, item])) ?? null)) };
}
