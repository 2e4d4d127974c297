import type { Random } from "../random.js";
import { PEOPLE, SETTINGS, type Setting } from "./vocabulary.js";

/** One thing to do, in the forms that sentences need. */
export interface Task {
  /** Written form: "Review Q3 budget before the audit". */
  title: string;
  /** Spoken, after "to": "review the Q3 budget before the audit". */
  action: string;
  /** "reviewing the Q3 budget". */
  gerund: string;
  /** The same with its context, so that it says as much as the title: "reviewing the Q3 budget before the audit". */
  longGerund: string;
  /** "reviewed the Q3 budget". */
  past: string;
  /** What it is about, as spoken: "the Q3 budget". */
  object: string;
  /** The same without its article: "Q3 budget". */
  topic: string;
  setting: string;
}

/** A setting's name, as asked for where the simulator knows it, else drawn. */
export function chooseSetting(random: Random, asked?: string): string {
  return asked !== undefined && Object.hasOwn(SETTINGS, asked) ? asked : random.pick(Object.keys(SETTINGS));
}

/** A task from a setting. */
export function makeTask(random: Random, setting: string): Task {
  const world = worldOf(setting);
  const group = random.pick(world.groups);
  const verb = random.pick(group.verbs);
  const person = random.pick(PEOPLE);
  const object = random.pick(group.objects).replace("{person}", person);
  const context = random.chance(0.5) ? ` ${random.pick(world.contexts).replace("{person}", random.pick(PEOPLE))}` : "";
  return shape(verb, object, context, setting);
}

/** Different tasks from one setting, no two about the same thing. */
export function makeTasks(random: Random, setting: string, count: number): Task[] {
  const tasks: Task[] = [];
  for (let tries = 0; tasks.length < count && tries < 60; tries++) {
    const task = makeTask(random, setting);
    if (!tasks.some((known) => known.topic === task.topic)) tasks.push(task);
  }
  return tasks;
}

/** Something for the description field. */
export function makeNote(random: Random, setting: string): string {
  return random.pick(worldOf(setting).notes).replace("{person}", random.pick(PEOPLE));
}

/** The words of a title that carry meaning, lower-case. */
export function contentWords(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? []).filter((word) => word.length > 2 && !STOP.has(word));
}

const STOP = new Set(["the", "and", "for", "with", "before", "after", "about", "from", "our", "you", "your", "that", "this", "new", "task"]);

function worldOf(setting: string): Setting {
  const world = SETTINGS[setting];
  if (world === undefined) throw new RangeError(`no setting named "${setting}"`);
  return world;
}

function shape(verb: string, object: string, context: string, setting: string): Task {
  const topic = object.replace(/^(the|a|an|my|our) /, "");
  const title = `${verb} ${topic}${context}`;
  return {
    title: title.charAt(0).toUpperCase() + title.slice(1),
    action: `${verb} ${object}${context}`,
    gerund: `${inflect(verb, gerundOf)} ${object}`,
    longGerund: `${inflect(verb, gerundOf)} ${object}${context}`,
    past: `${inflect(verb, pastOf)} ${object}`,
    object,
    topic,
    setting,
  };
}

/** Inflects the first word of a verb: "pick up" becomes "picked up", "double-check" "double-checked". */
function inflect(verb: string, rule: (word: string) => string): string {
  const [head, ...rest] = verb.split(" ");
  return [rule(head ?? verb), ...rest].join(" ");
}

const IRREGULAR: Readonly<Record<string, string>> = {
  buy: "bought", pay: "paid", send: "sent", write: "wrote", rewrite: "rewrote", find: "found", get: "got", read: "read",
  meet: "met", set: "set", run: "ran", draw: "drew", hand: "handed", light: "lit", cost: "costed",
};
const DOUBLED = new Set(["scan", "wrap", "ship", "plan", "log", "get", "set", "run", "submit", "transfer", "format", "repot"]);

function pastOf(word: string): string {
  const irregular = IRREGULAR[word];
  if (irregular !== undefined) return irregular;
  if (word.endsWith("e")) return `${word}d`;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ied`;
  return DOUBLED.has(word) ? `${word}${word.slice(-1)}ed` : `${word}ed`;
}

function gerundOf(word: string): string {
  if (word.endsWith("e") && !word.endsWith("ee")) return `${word.slice(0, -1)}ing`;
  return DOUBLED.has(word) ? `${word}${word.slice(-1)}ing` : `${word}ing`;
}
