import type { Example } from "../../data/example.js";
import { prioritiesNamed, quotedIn, shownOperation, unquoted } from "../../data/quality/task-api/reading.js";
import type { TaskFields } from "../fields-prompt.js";
import { Random } from "../random.js";
import { OPERATIONS, PRIORITIES } from "../task-api.js";
import { addDays } from "./calendar.js";
import { findDates } from "./reading.js";

/** A reading in the answer, numbered as in the prompt. */
export interface Reading extends TaskFields {
  conversation: number;
}

/** How often one field of one reading is misread. Two readings of five that agree on the same slip are then rare. */
const SLIP = 0.08;

/**
 * The simulated reader: understands a conversation by the rules of `data/quality`, and slips now and then, differently for
 * every request key. Its agreement with those rules proves nothing about them; what it stands for is the variation of a
 * model that is asked the same thing several times.
 */
export function readFields(key: readonly (string | number)[], prompt: { today: string; conversations: { role: "user" | "assistant"; text: string }[][] }): Reading[] {
  return prompt.conversations.map((turns, index): Reading => {
    const random = new Random(...key, "fields", index);
    const slips = { operation: random.chance(SLIP), title: random.chance(SLIP), due: random.chance(SLIP), priority: random.chance(SLIP) };
    const example: Example = { messages: turns.map(({ role, text }) => ({ role, content: text })), extra: {} };
    const users = turns.filter(({ role }) => role === "user").map(({ text }) => text);
    const operation = shownOperation(example) ?? "list";
    const due = [...(users.map((text) => findDates(unquoted(text), prompt.today)).findLast((found) => found.size > 0) ?? [])][0] ?? null;
    const priority = [...(users.map(prioritiesNamed).findLast((found) => found.size > 0) ?? [])].at(-1) ?? null;
    // Of several tasks that the assistant offers, the simulated reader does not try to tell which is meant.
    const offered = turns.slice(0, -1).map(({ text }) => quotedIn(text).filter((quoted) => /^\p{Lu}\S* \S/u.test(quoted)));
    const title = offered.some((titles) => titles.length > 1) ? null : offered.flat().at(-1) ?? null;
    return {
      conversation: index + 1,
      operation: slips.operation ? random.pick(OPERATIONS.filter((other) => other !== operation)) : operation,
      title: slips.title ? null : title,
      due_date: slips.due && due !== null ? addDays(due, random.pick([-1, 1, 7])) : due,
      priority: slips.priority && priority !== null ? random.pick(PRIORITIES.filter((other) => other !== priority)) : priority,
    };
  });
}
