/** Answers to the two questions of tool-call-prompt.ts. */
import type { ToolOrder } from "../../tool-calls/order.js";
import type { PlayedTurn } from "../../tool-calls/script.js";
import { damageScript, drawToolDefect, type ToolDefectEntry, type ToolDefectRates } from "./damage.js";
import { writeSayings } from "./sayings.js";
import { writeScript } from "./scripts.js";

/** One script a line, and the ledger's entries for them. Depends on seed, rates and the request alone. */
export function answerScripts(seed: number, rates: ToolDefectRates, name: { key: string; responseId: string }, asked: { today: string; orders: readonly ToolOrder[] }): { text: string; entries: ToolDefectEntry[] } {
  const entries: ToolDefectEntry[] = [];
  const lines = asked.orders.map((order, index) => {
    const key = [seed, name.key, index];
    const script = { n: index + 1, turns: writeScript(key, order, asked.today) };
    const defect = drawToolDefect(rates, ...key);
    const damaged = defect === undefined ? undefined : damageScript(defect, script, order, key);
    if (defect === undefined || damaged === undefined) return JSON.stringify(script);
    entries.push({ row: `${name.responseId}/${index}`, defect, says: damaged.says });
    return damaged.line;
  });
  return { text: lines.join("\n"), entries };
}

/** One line a conversation. */
export function answerSayings(seed: number, key: string, conversations: readonly (readonly PlayedTurn[])[]): string {
  return conversations.map((turns, index) => JSON.stringify({ n: index + 1, say: writeSayings([seed, key, index], turns) })).join("\n");
}
