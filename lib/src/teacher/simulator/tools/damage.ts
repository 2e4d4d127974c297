/** Defects that the simulated teacher plants in its scripts, as they are met in what models write. */
import { Random } from "../../random.js";
import type { ToolOrder } from "../../tool-calls/order.js";
import type { Script, ScriptCall, ScriptTurn } from "../../tool-calls/script.js";
import { drawByRate } from "../draws.js";

export const TOOL_DEFECTS = ["wrong_tool", "invented_argument", "missing_argument", "needless_call", "misquoted_title", "bad_value", "broken_json", "crossed_words"] as const;
export type ToolDefect = (typeof TOOL_DEFECTS)[number];
/** Shares of scripts (0 to 1) that are to get each defect. A script gets at most one, and none where it does not fit: of `needless_call` one in eight does. */
export type ToolDefectRates = Readonly<Record<ToolDefect, number>>;

export const DEFAULT_TOOL_DEFECTS: ToolDefectRates = {
  wrong_tool: 0.02, invented_argument: 0.04, missing_argument: 0.05, needless_call: 0.06, misquoted_title: 0.015, bad_value: 0.05, broken_json: 0.01, crossed_words: 0.03,
};

/** One planted defect. */
export interface ToolDefectEntry {
  /** `<responseId>/<index>`, index from 0: the id of the script. */
  row: string;
  defect: ToolDefect;
  /** One sentence for a person. */
  says: string;
}

const TOOLS = ["create_task", "update_task", "complete_task", "delete_task", "list_tasks"];

/** The defect that a script is to get; undefined for none. Depends on the key alone. */
export function drawToolDefect(rates: ToolDefectRates, ...key: (string | number)[]): ToolDefect | undefined {
  return drawByRate(new Random(...key, "tool defect"), TOOL_DEFECTS, rates);
}

/** Damages a script; undefined where the defect does not fit it. */
export function damageScript(defect: ToolDefect, script: Script, order: ToolOrder, key: readonly (string | number)[]): { line: string; says: string } | undefined {
  const random = new Random(...key, "tool damage");
  const lastAt = script.turns.findLastIndex((turn) => "calls" in turn);
  const last = script.turns[lastAt] as { calls: ScriptCall[] } | undefined;
  const [call] = last?.calls ?? [];
  const line = (turns: readonly ScriptTurn[]): string => JSON.stringify({ ...script, turns });
  const withCall = (change: Partial<ScriptCall>): string => line(script.turns.with(lastAt, { calls: last?.calls.map((each) => (each === call ? { ...each, ...change } : each)) ?? [] }));
  switch (defect) {
    case "broken_json": {
      const text = line(script.turns);
      return { line: text.slice(0, random.integer(Math.ceil(text.length / 2), text.length - 2)), says: "The line ends too soon." };
    }
    case "needless_call": {
      if (order.kind !== "no-call") return undefined;
      const [task] = order.tasks;
      const name = random.pick(["list_tasks", "create_task", "complete_task"]);
      return { line: line([...script.turns.slice(0, 1), { calls: [{ name, arguments: name === "list_tasks" ? {} : { title: task?.title ?? "it" } }] }]), says: `Calls ${name} where no call is due.` };
    }
    case "wrong_tool": {
      if (!call) return undefined;
      const other = random.pick(TOOLS.filter((name) => name !== call.name));
      return { line: withCall({ name: other, arguments: other === "list_tasks" ? {} : { title: call.arguments["title"] ?? order.tasks[0]?.title ?? "it" } }), says: `Calls ${other} in place of ${call.name}.` };
    }
    case "invented_argument": {
      if (!call || call.name === "complete_task" || call.name === "delete_task") return undefined;
      const name = call.arguments["due_date"] === undefined ? "due_date" : call.arguments["priority"] === undefined ? "priority" : undefined;
      if (name === undefined || call.arguments["status"] !== undefined) return undefined;
      return { line: withCall({ arguments: { ...call.arguments, [name]: name === "due_date" ? random.pick(["tomorrow", "Friday", "next week"]) : random.pick(["high", "low"]) } }), says: `Gives a ${name} that nobody named.` };
    }
    case "missing_argument": {
      const name = ["due_date", "priority", "new_title"].find((field) => call?.arguments[field] !== undefined);
      // An update without anything to change would be refused; it stands for another defect.
      if (!call || name === undefined || (call.name === "update_task" && Object.keys(call.arguments).length < 3)) return undefined;
      return { line: withCall({ arguments: Object.fromEntries(Object.entries(call.arguments).filter(([field]) => field !== name)) }), says: `Leaves out the ${name} that was named.` };
    }
    case "misquoted_title": {
      const title = call?.arguments["title"];
      if (!call || typeof title !== "string" || title.length < 6) return undefined;
      const at = random.integer(1, title.length - 3);
      return { line: withCall({ arguments: { ...call.arguments, title: title.slice(0, at) + title.slice(at + 2) } }), says: "Spells the title in another way than the user." };
    }
    case "bad_value": {
      if (call?.arguments["priority"] === undefined) return undefined;
      return { line: withCall({ arguments: { ...call.arguments, priority: random.pick(["urgent", "HIGH", "P1", 3]) } }), says: "Gives a priority that the schema does not have." };
    }
    case "crossed_words": {
      const [first] = script.turns;
      if (order.kind !== "single" || !call || !first || !("user" in first) || typeof call.arguments["title"] !== "string" || call.name === "create_task") return undefined;
      const title = call.arguments["title"];
      const user = call.name === "delete_task" ? `I have finished "${title}".` : `Please delete "${title}".`;
      return { line: line([{ user }, ...script.turns.slice(1)]), says: `The user asks for something else than ${call.name}.` };
    }
  }
}
