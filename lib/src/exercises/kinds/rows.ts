/** Answers that are a dataset: rows, or the file that holds them. */
import type { z } from "zod";
import { FileError, openRows, type JsonObject } from "../../data/index.js";
import { kindOf, notBlank, sayValue, type Checks, type OwnMisconceptions } from "./answer.js";

/** Rows, or the path of a file of rows (JSON Lines, a JSON array, CSV, Parquet), from the folder that the notebook runs in. */
export type RowsAnswer<Row> = readonly Row[] | string;

export interface RowsSpec<Schema extends z.ZodType> extends OwnMisconceptions<RowsAnswer<z.input<Schema>>> {
  /** What each row must be. */
  schema: Schema;
  /** Fewest rows. Default 1. */
  least?: number;
  /** Most rows. Default no limit. */
  most?: number;
  /** The field, or what of a row, that no two rows may share. */
  unique?: string | ((row: z.output<Schema>) => string | number);
  /** Further conditions on the rows as a whole; the first that is not met is told. */
  also?: (rows: readonly z.output<Schema>[]) => string | undefined | Promise<string | undefined>;
}

/** Rows that are held for `also` and are told of; a larger file is no answer to an exercise. */
const MOST_ROWS = 1_000_000;

/**
 * An answer that is a dataset. The fault names file, line and field: the line of the file, or the place in the list.
 *
 * Two mistakes in how rows are handed in have their own words: rows that are still JSON text, and a list wrapped in an object.
 */
export function rowsAnswer<Schema extends z.ZodType>(spec: RowsSpec<Schema>): Checks<RowsAnswer<z.input<Schema>>> {
  const { schema, least = 1, most = MOST_ROWS, unique, also, misconceptions = [] } = spec;
  const keyOf = typeof unique === "string" ? (row: unknown) => (row as Record<string, unknown>)[unique] : (unique as ((row: unknown) => unknown) | undefined);
  return {
    kind: "dataset",
    fault: async (answer: unknown) => {
      if (typeof answer === "string") notBlank(answer);
      if (typeof answer !== "string" && !Array.isArray(answer)) return `Give a list of rows, or the path of a file that holds them; this is ${kindOf(answer)}.`;
      const rows: z.output<Schema>[] = [];
      const first = new Map<unknown, string>();
      try {
        for await (const { place, value, problem } of rowsOf(answer as string | readonly unknown[])) {
          if (problem !== undefined) return `${place} ${problem}`;
          const parsed = schema.safeParse(value);
          if (!parsed.success) return `${place}: ${issueText(parsed.error, value)}`;
          const key = keyOf?.(parsed.data);
          const before = first.get(key);
          if (keyOf && before !== undefined) return `${place}: ${typeof unique === "string" ? `${unique} is ${sayValue(key)}` : `has the key ${sayValue(key)}`}, and so it is at ${before}. No two rows may share it.`;
          if (keyOf) first.set(key, place);
          rows.push(parsed.data);
          if (rows.length > most) return `${nameOf(answer)} has more than ${most.toLocaleString("en-US")} rows, the most that are asked for.`;
        }
      } catch (error) {
        if (error instanceof FileError) return `${error.message}.`;
        throw error;
      }
      if (rows.length < least) return `${nameOf(answer)} has ${rows.length} ${rows.length === 1 ? "row" : "rows"}; at least ${least} are asked for.`;
      return also?.(rows);
    },
    misconceptions: [
      ...misconceptions,
      {
        name: "rows as text",
        matches: (answer: unknown) => Array.isArray(answer) && answer.length > 0 && answer.every((row) => typeof row === "string" && /^\s*\{/.test(row)),
        message: "Your rows are still JSON text. Give the objects themselves; they become text when they are written to a file, one a line.",
      },
      {
        name: "wrapped in an object",
        matches: (answer: unknown) => typeof answer === "object" && answer !== null && !Array.isArray(answer) && Object.values(answer).some(Array.isArray),
        message: "The list lies inside an object. A dataset is the list itself: one row after the other, and nothing around them.",
      },
    ],
  };
}

interface PlacedRow {
  /** "train.jsonl:3", "row 3". */
  place: string;
  value?: unknown;
  problem?: string;
}

async function* rowsOf(answer: string | readonly unknown[]): AsyncGenerator<PlacedRow, void, void> {
  if (typeof answer !== "string") {
    for (const [at, value] of answer.entries()) yield { place: `row ${at + 1}`, value };
    return;
  }
  const path = answer.trim();
  const source = await openRows(path);
  for await (const batch of source.batches) {
    for (const item of batch) {
      const place = source.unit === "line" ? `${path}:${item.line}` : `${path}, row ${item.line}`;
      if (item.problem) yield { place, problem: item.problem.reason };
      else yield { place, value: item.value satisfies JsonObject };
    }
  }
}

const nameOf = (answer: unknown) => (typeof answer === "string" ? answer.trim() : "Your list");

/** `messages.0.role: Invalid option …; it is "bot"`. */
function issueText(error: z.ZodError, value: unknown): string {
  const [issue] = error.issues;
  if (!issue) return "is no row of this schema";
  const path = issue.path.map(String).join(".");
  let held: unknown = value;
  for (const key of issue.path) held = typeof held === "object" && held !== null ? (held as Record<PropertyKey, unknown>)[key] : undefined;
  const is = issue.code === "unrecognized_keys" ? "" : held === undefined ? "; the field is missing" : `; it is ${sayValue(held, 60)}`;
  return `${path === "" ? "" : `${path}: `}${issue.message}${is}`;
}
