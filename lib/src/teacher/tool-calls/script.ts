/** What a teacher writes: a conversation without the tools' answers, which only the tools can give. */
import { z } from "zod";

export const ScriptCall = z.strictObject({ name: z.string().min(1), arguments: z.record(z.string(), z.unknown()) });
export type ScriptCall = z.output<typeof ScriptCall>;

/** A turn: what the user says, what the assistant says, or what it calls. */
export const ScriptTurn = z.union([
  z.strictObject({ user: z.string().min(1) }), z.strictObject({ say: z.string().min(1) }), z.strictObject({ calls: z.array(ScriptCall).min(1) }),
], { error: 'must be {"user": text}, {"say": text} or {"calls": [{"name", "arguments"}]}' });
export type ScriptTurn = z.output<typeof ScriptTurn>;

/** The script of order `n` (from 1) of its request. */
export const Script = z.strictObject({ n: z.int().min(1), turns: z.array(ScriptTurn).min(2) });
export type Script = z.output<typeof Script>;

/** What the assistant says to the results: one sentence or two for each turn of calls. */
export const Sayings = z.strictObject({ n: z.int().min(1), say: z.array(z.string().min(1)).min(1) });

/** A turn as it happened: the script's, with the results of its calls. */
export type PlayedTurn = { user: string } | { say: string } | { calls: ScriptCall[]; results?: unknown[] };

/** Who speaks in a script, as letters: "UC" is a request and its calls. */
export function shapeOf(turns: readonly ScriptTurn[]): string {
  return turns.map((turn) => ("user" in turn ? "U" : "say" in turn ? "S" : "C")).join("");
}
