import type { Priority } from "../task-api.js";
import type { DateMention } from "./calendar.js";
import type { Scene } from "./scene.js";

/** A detail that a user mentions: at the end of the request, or in a sentence of its own. */
export type Detail = { tail: string } | { sentence: string };

/** When it is due. */
export function sayDue(scene: Scene, due: DateMention): Detail {
  const { random } = scene;
  if (random.chance(0.62)) {
    return { tail: random.pick([due.by ?? `due ${due.on}`, due.by ?? due.on, `due ${due.on}`, `deadline ${due.bare}`]) };
  }
  return { sentence: random.pick([
    `it's due ${due.on}`, `the deadline is ${due.bare}`, `it has to be done ${due.by ?? due.on}`, `I need it done ${due.by ?? due.on}`,
    `due date is ${due.bare}`, `they expect it ${due.on}`, `let's say ${due.bare} as the due date`, `I want that finished ${due.by ?? due.on}`,
  ]) };
}

const PRIORITY_TAILS: Readonly<Record<Priority, readonly string[]>> = {
  high: ["high priority", "urgent", "priority high", "top priority", "and make it high priority"],
  medium: ["medium priority", "priority medium", "normal priority"],
  low: ["low priority", "priority low", "no rush", "low priority is fine"],
};
const PRIORITY_SENTENCES: Readonly<Record<Priority, readonly string[]>> = {
  high: ["it's urgent", "make it high priority", "this one is high priority", "please mark it as high priority", "treat it as top priority", "set the priority to high"],
  medium: ["medium priority is fine", "set the priority to medium", "normal priority, I'd say", "make it medium priority"],
  low: ["there's no rush", "low priority is fine", "it can wait, so low priority", "set it to low priority", "make it low priority"],
};

/** How important it is. */
export function sayPriority(scene: Scene, priority: Priority): Detail {
  return scene.random.chance(0.55)
    ? { tail: scene.random.pick(PRIORITY_TAILS[priority]) }
    : { sentence: scene.random.pick(PRIORITY_SENTENCES[priority]) };
}

/** What belongs in the description. */
export function sayNote(scene: Scene, note: string): Detail {
  return { sentence: scene.random.pick([
    `note: ${note}`, `description: ${note}`, `in the description put "${note}"`, `add a note saying ${note}`, `details: ${note}`,
    `and write "${note}" in the notes`,
  ]) };
}

/** Sorts details into the two places, in random order. */
export function arrange(scene: Scene, details: readonly Detail[]): { tails: string[]; sentences: string[] } {
  const tails: string[] = [];
  const sentences: string[] = [];
  for (const detail of scene.random.shuffle(details)) {
    if ("tail" in detail) tails.push(detail.tail);
    else sentences.push(detail.sentence);
  }
  return { tails, sentences };
}
