/** The simulated teacher's scripts: what is asked, and the calls that it stands for. */
import { Random } from "../../random.js";
import type { ToolOrder } from "../../tool-calls/order.js";
import type { ScriptCall, ScriptTurn } from "../../tool-calls/script.js";
import { makeTitle, type TaskTitle } from "../../tool-calls/titles.js";
import * as say from "./phrasings.js";
import { choose, fill, frameOf, lower, spoken, upper, type DateKind, type Filled, type Slots } from "./wording.js";

interface Scene {
  random: Random;
  order: ToolOrder;
  today: string;
}

/** A request for one call, before a register says it. */
interface Wish extends Filled {
  tool: string;
  isImperative: boolean;
}

/** The turns of an order. Depends on key, order and day alone. */
export function writeScript(key: readonly (string | number)[], order: ToolOrder, today: string): ScriptTurn[] {
  const scene: Scene = { random: new Random(...key), order, today };
  switch (order.kind) {
    case "no-call": return noCall(scene);
    case "clarify": return clarify(scene);
    case "parallel": return parallel(scene);
    case "error": return error(scene);
    case "single": return [...request(scene, wish(scene, order.tools[0] ?? "", existing(scene, 0)))];
    case "result": {
      const first = wish(scene, order.tools[0] ?? "", existing(scene, 0));
      const title = first.arguments["new_title"] ?? first.arguments["title"];
      const [, next] = order.tools;
      const turns = request(scene, first);
      // Of its last call, the title as it was said there.
      const said = (turns[1] as { calls: ScriptCall[] }).calls[0]?.arguments[first.arguments["new_title"] === undefined ? "title" : "new_title"];
      return next === undefined || title === undefined ? turns : [...turns, ...followUp(scene, next, String(said))];
    }
  }
}

function slots({ random, order, today }: Scene, title?: TaskTitle, dates: DateKind = "future"): Slots {
  return { random, words: order.words, today, title, dates };
}

function existing({ order }: Scene, index: number): TaskTitle {
  return { text: order.tasks[index]?.title ?? order.tasks[0]?.title ?? "", verbal: false };
}

/** A wish for a call of `tool`; what exists is named `title`, what is to be made is invented. */
function wish(scene: Scene, tool: string, title: TaskTitle, { dates = "future", only = "any", quote = false }: { dates?: DateKind; only?: "do" | "any"; quote?: boolean } = {}): Wish {
  const { random, order } = scene;
  const isNew = tool === "create_task";
  const named = isNew ? makeTitle(random, order.words) : title;
  const family = isNew ? say.CREATE : tool === "complete_task" ? say.COMPLETE : tool === "delete_task" ? say.DELETE : tool === "list_tasks" ? say.LIST
    : dates !== "future" ? say.RESCHEDULE : random.pick([say.RESCHEDULE, say.RESCHEDULE, say.PRIORITISE, say.PRIORITISE, say.RENAME, say.BOTH]);
  for (;;) {
    const { frame, isImperative } = frameOf(random, family, named.verbal, only);
    if (dates !== "future" && !/\{(d|by|on)\}/.test(frame)) continue;
    return { tool, isImperative, ...fill(frame, { ...slots(scene, named, dates), quote }) };
  }
}

function request({ random, order }: Scene, made: Wish): ScriptTurn[] {
  return asked(spoken(random, made.text, made.isImperative, order.register), [made]);
}

/** A request with its calls; arguments are spelled as they stand in it. */
function asked(user: string, wishes: readonly { tool: string; arguments: Record<string, string> }[]): ScriptTurn[] {
  return [{ user }, { calls: wishes.map(({ tool, arguments: given }) => ({ name: tool, arguments: asSaid(given, user) })) }];
}

function asSaid(given: Record<string, string>, text: string): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => {
    const at = /title|date/.test(name) ? text.toLowerCase().indexOf(value.toLowerCase()) : -1;
    return [name, at < 0 ? value : text.slice(at, at + value.length)];
  }));
}

function followUp(scene: Scene, tool: string, title: string): ScriptTurn[] {
  const { random, order } = scene;
  const family = tool === "complete_task" ? say.FOLLOW_UPS.complete : tool === "delete_task" ? say.FOLLOW_UPS.delete : random.pick([say.FOLLOW_UPS.reschedule, say.FOLLOW_UPS.prioritise]);
  const made = fill(choose(random, random.pick(family)), slots(scene));
  const [user, calls] = asked(spoken(random, made.text, false, order.register === "polite" ? "neutral" : order.register), [{ tool, arguments: made.arguments }]) as [{ user: string }, { calls: ScriptCall[] }];
  return [user, { calls: calls.calls.map(({ name, arguments: given }) => ({ name, arguments: { title, ...given } })) }];
}

function parallel(scene: Scene): ScriptTurn[] {
  const { random, order } = scene;
  const isAlike = order.tools.every((tool) => tool === order.tools[0]) && order.tools[0] !== "update_task" && random.chance(0.7);
  if (isAlike) return alike(scene);
  const wishes = order.tools.map((tool, at) => wish(scene, tool, existing(scene, at), { only: "do", quote: at < order.tools.length - 1 || random.chance(0.3) }));
  const [first, ...rest] = wishes.map(({ text }) => text) as [string, ...string[]];
  const last = lower(rest.at(-1) ?? "");
  const middle = rest.slice(0, -1).map((text) => `, ${lower(text)}`).join("");
  const joined = random.pick([`${first}${middle} and ${last}`, `${first}${middle}, then ${last}`, `${first}${middle}, and ${last}`, `${first}${middle}. Also ${last}`, `${first}${middle}. Then ${last}`, `${first}${middle} and also ${last}`]);
  return asked(spoken(random, joined, !/[.] (Also|Then)/.test(joined), order.register), wishes);
}

const ALIKE: Readonly<Record<string, readonly string[]>> = {
  create_task: ["(add|create|note) {all}", "(add|put) {all} (on|to) my list", "(add|create|make) (tasks|new tasks|to-dos) for {all}", "new tasks: {all}"],
  complete_task: ["(complete|finish|check off|close) {all}", "mark {all} as (done|complete|finished)", "I (finished|completed) {all}", "{all} are (done|finished)"],
  delete_task: ["(delete|remove|cancel|drop) {all}", "(remove|take) {all} (from|off) my list", "I no longer need {all}", "get rid of {all}"],
};

/** "Delete A, B and C". */
function alike(scene: Scene): ScriptTurn[] {
  const { random, order } = scene;
  const [tool = ""] = order.tools;
  const titles = order.tools.map((_, at) => (tool === "create_task" ? makeTitle(random, order.words).text : existing(scene, at).text));
  const quoted = titles.map((title) => `"${title}"`);
  const all = `${quoted.slice(0, -1).join(", ")} and ${quoted.at(-1) ?? ""}`;
  const frame = choose(random, random.pick(ALIKE[tool] ?? []));
  const text = frame.replace("{all}", () => all);
  return asked(spoken(random, text, !/^(I|\{all\}|new)/.test(frame), order.register), titles.map((title) => ({ tool, arguments: { title } })));
}

function noCall(scene: Scene): ScriptTurn[] {
  const { random, order } = scene;
  const about = order.about as keyof typeof say.TALK;
  const talk = say.TALK[about];
  const title = existing(scene, 0);
  const isWish = about === "outside" && random.chance(0.6);
  const pattern = about === "outside" ? random.pick<string>(isWish ? say.OUTSIDE.do : say.OUTSIDE.ask) : random.pick<string>((talk as { ask: readonly string[] }).ask);
  const { text } = fill(choose(random, pattern), slots(scene, title));
  const user = spoken(random, text, isWish, about === "outside" ? order.register : order.register === "terse" ? "terse" : "neutral");
  const at = user.toLowerCase().indexOf(title.text.toLowerCase());
  const said = at < 0 ? title.text : user.slice(at, at + title.text.length);
  return [{ user }, { say: random.pick<string>(talk.back).replace("{t}", () => said) }];
}

function clarify(scene: Scene): ScriptTurn[] {
  const { random, order } = scene;
  const [tool = ""] = order.tools;
  const title = existing(scene, 0);
  if (order.about === "title of a new task" || order.about === "which task") {
    const sort = tool === "create_task" ? "create" : tool === "complete_task" ? "complete" : tool === "delete_task" ? "delete" : random.pick(["reschedule", "prioritise"] as const);
    const { ask, back } = say.UNNAMED[sort];
    const first = fill(choose(random, random.pick<string>(ask)), slots(scene));
    const named = tool === "create_task" ? makeTitle(random, order.words) : title;
    const answer = fill(choose(random, random.pick<string>(sort === "create" ? say.ANSWERS.newTitle : say.ANSWERS.title)), slots(scene, named));
    return answered(scene, first, back, answer, tool);
  }
  const { ask, back } = say.UNSAID[order.about as keyof typeof say.UNSAID];
  const first = fill(choose(random, random.pick<string>(ask)), slots(scene, title));
  if (order.about === "new title") {
    const renamed = fill(choose(random, random.pick<string>(say.ANSWERS.newTitle)), slots(scene, makeTitle(random, order.words)));
    return answered(scene, first, back, { text: renamed.text, arguments: { new_title: renamed.arguments["title"] ?? "" } }, tool);
  }
  const family = order.about === "new date" || (order.about === "what to change" && random.chance(0.5)) ? say.ANSWERS.date : say.ANSWERS.priority;
  return answered(scene, first, back, fill(choose(random, random.pick<string>(family)), slots(scene)), tool);
}

function answered({ random, order }: Scene, first: Filled, back: readonly string[], answer: Filled, tool: string): ScriptTurn[] {
  const user = spoken(random, first.text, /^[a-z(]/.test(first.text) || /^(Add|Create|Make|Set|Mark|Delete|Remove|Move|Change|Rename|Reschedule|Update)/.test(first.text), order.register);
  const reply = random.chance(0.5) ? lowerFirstWord(answer.text) : upper(answer.text);
  const end = /[\p{L}\d]$/u.test(reply) && random.chance(0.3) ? "." : "";
  const given = { ...asSaid(first.arguments, user), ...asSaid(answer.arguments, reply) };
  const names = ["title", "new_title", "due_date", "priority"];
  return [{ user }, { say: random.pick(back) }, { user: reply + end }, { calls: [{ name: tool, arguments: Object.fromEntries(names.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]))) }] }];
}

function lowerFirstWord(text: string): string {
  return /^\p{Lu}\p{Ll}+'?\p{Ll}* (?:one|me|be|is|it|call|would|mean|say)\b/u.test(text) ? lower(text) : text;
}

function error(scene: Scene): ScriptTurn[] {
  const { random, order } = scene;
  const [tool = ""] = order.tools;
  const [first, second] = order.tasks;
  if (order.about === "not_found") return request(scene, wish(scene, tool, makeTitle(random, order.words)));
  if (order.about === "ambiguous") return request(scene, wish(scene, tool, { text: commonStart(first?.title ?? "", second?.title ?? ""), verbal: false }));
  return request(scene, wish(scene, tool, existing(scene, 0), { dates: order.about === "past_date" ? "past" : "unclear" }));
}

function commonStart(a: string, b: string): string {
  const words = a.split(" "), others = b.split(" ");
  const end = words.findIndex((word, at) => word !== others[at]);
  return words.slice(0, end < 0 ? words.length : end).join(" ");
}
