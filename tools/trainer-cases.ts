/** The layouts that `npm run check:trainers` tries: for each, rows in it or in another, and the trainer that must take them. */
import type { Format } from "llmops/data";

export interface TrainerCase {
  name: string;
  rows: Record<string, unknown>[];
  to: Format;
  layout?: string;
  /** The trainer of TRL; none where TRL has no such layout. */
  trainer?: "sft" | "dpo" | "kto";
  /** Also check OpenAI's rules. */
  openai?: boolean;
}

type Row = Record<string, unknown>;

const TASKS = ["Buy milk", "Call Ada", "Book “Dune”", "Water the ferns 🌿", "Pay rent", "Fix the bike", "Écrire à Zoë", "Plan the trip", "Return the keys", "Learn JSON: {\"a\": [1]}", "Sort photos\nby year", "牛乳を買う"];

const user = (content: string): Row => ({ role: "user", content });
const assistant = (content: string): Row => ({ role: "assistant", content });
const added = (task: string): string => `Added: ${task}.`;
const each = (make: (task: string, at: number) => Row): Row[] => TASKS.map(make);

const chat = each((task, at) => ({
  messages: [...(at % 3 === 0 ? [{ role: "system", content: "You manage tasks." }] : []), user(`Add ${task}`), assistant(added(task)), ...(at % 2 ? [user("Thanks"), assistant("You are welcome.")] : [])],
  id: at, operation: "create",
}));

const TOOLS = ["create_task", "list_tasks", "complete_task"].map((name, at) => ({
  type: "function", function: { name, description: `Does ${name}`, parameters: { type: "object", properties: at === 1 ? {} : { title: { type: "string" }, ...(at === 2 ? { when: { type: "string", enum: ["now", "later"] } } : {}) } } },
}));

function called(task: string, at: number): Row[] {
  const [name, args] = [["create_task", { title: task }], ["list_tasks", {}], ["complete_task", { title: task, when: "now" }]][at % 3] as [string, Row];
  return [
    { role: "assistant", content: null, tool_calls: [{ id: `call_${at}`, type: "function", function: { name, arguments: JSON.stringify(args) } }] },
    { role: "tool", tool_call_id: `call_${at}`, content: `{"ok": true, "n": ${at}}` },
    assistant(`Done with ${task}.`),
  ];
}

const withTools = each((task, at) => ({ messages: [user(`Do ${task}`), ...called(task, at)], tools: TOOLS.slice(0, 1 + (at % 3)).concat(TOOLS[at % 3] as (typeof TOOLS)[0]).filter((tool, index, all) => all.indexOf(tool) === index) }));

const weighted = each((task) => ({ messages: [user(`Add ${task}`), { ...assistant("Hm."), weight: 0 }, user("And?"), { ...assistant(added(task)), weight: 1 }] }));

const functions = each((task) => ({
  messages: [user(`Add ${task}`), { role: "assistant", content: null, function_call: { name: "create_task", arguments: JSON.stringify({ title: task }) } }, { role: "function", name: "create_task", content: "{}" }, assistant(added(task))],
  functions: [TOOLS[0]?.function],
}));

const pairs = each((task) => ({ prompt: [user(`Add ${task}`)], chosen: [assistant(added(task))], rejected: [assistant(`I cannot add ${task}`)] }));

const longPairs = each((task, at) => ({
  prompt: [user(`Do ${task}`), ...called(task, at), user("Again")],
  chosen: [{ role: "assistant", content: null, tool_calls: [{ id: "call_again", type: "function", function: { name: "create_task", arguments: JSON.stringify({ title: task }) } }] }],
  rejected: [assistant(`No, not ${task}`)],
  tools: TOOLS,
}));

const labelled = each((task, at) => ({ prompt: [user(`Add ${task}`)], completion: [assistant(at % 2 ? added(task) : "No.")], label: at % 2 === 1 }));

const continued = each((task) => ({ chosen: `The task is ${task} today.`, rejected: `The task is ${task.toUpperCase()}?!`, id: task.length }));

const texts = each((task) => ({ text: `# ${task}\n\nA note about ${task}.` }));

/** Every layout that the workbook writes, from rows of another where there is a way. */
export function trainerCases(): TrainerCase[] {
  return [
    { name: "messages", rows: chat, to: "messages", trainer: "sft" },
    { name: "messages with tools, layout openai", rows: withTools, to: "messages", layout: "openai", trainer: "sft", openai: true },
    { name: "messages with tools, layout trl", rows: withTools, to: "messages", layout: "trl", trainer: "sft" },
    { name: "messages with weights", rows: weighted, to: "messages", trainer: "sft", openai: true },
    { name: "messages from functions", rows: functions, to: "messages", layout: "openai", trainer: "sft" },
    { name: "prompt-completion", rows: chat, to: "prompt-completion", trainer: "sft" },
    { name: "prompt-completion with tools, layout trl", rows: withTools, to: "prompt-completion", layout: "trl", trainer: "sft" },
    { name: "prompt-completion, layout standard", rows: each((task) => ({ instruction: `Add ${task}`, output: added(task) })), to: "prompt-completion", layout: "standard", trainer: "sft" },
    { name: "text", rows: texts, to: "text", trainer: "sft" },
    { name: "preference", rows: pairs, to: "preference", trainer: "dpo" },
    { name: "preference with tools, layout trl", rows: longPairs, to: "preference", layout: "trl", trainer: "dpo" },
    { name: "preference, layout standard", rows: pairs, to: "preference", layout: "standard", trainer: "dpo" },
    { name: "preference, layout implicit", rows: pairs, to: "preference", layout: "implicit", trainer: "dpo" },
    { name: "preference, layout implicit-standard", rows: continued, to: "preference", layout: "implicit-standard", trainer: "dpo" },
    { name: "preference, layout openai", rows: pairs, to: "preference", layout: "openai", openai: true },
    { name: "unpaired-preference", rows: labelled, to: "unpaired-preference", trainer: "kto" },
    { name: "unpaired-preference, layout standard", rows: labelled, to: "unpaired-preference", layout: "standard", trainer: "kto" },
    { name: "alpaca", rows: each((task) => ({ instruction: "Add", input: task, output: added(task), history: [["Hi", "Hello"]] })), to: "alpaca" },
    { name: "sharegpt", rows: withTools, to: "sharegpt" },
  ];
}
