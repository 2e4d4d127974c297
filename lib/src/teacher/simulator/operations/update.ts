import type { Priority } from "../../task-api.js";
import { sayPastDate, type DateMention } from "../calendar.js";
import type { Scene, Statement } from "../scene.js";
import type { Task } from "../tasks.js";
import type { Speech } from "../voice.js";
import { disambiguate, notFound, refer, referLoosely } from "./reference.js";

/** One change to one task. */
type Change =
  | { field: "due_date"; due: DateMention }
  | { field: "priority"; priority: Priority }
  | { field: "description"; note: string }
  | { field: "title"; task: Task };

/** Plays one update conversation. */
export function update(scene: Scene): void {
  const { random } = scene;
  const task = scene.task();
  switch (scene.spec.scenario) {
    case "missing-details": return missingDetails(scene, task);
    case "ambiguous-reference": {
      const change = makeChange(scene);
      scene.ask(request(scene, referLoosely(scene), change));
      return confirm(scene, disambiguate(scene, "update"), [change]);
    }
    case "unknown-task": {
      const change = makeChange(scene);
      scene.ask(request(scene, refer(scene, task), change));
      const found = notFound(scene, task);
      return found === undefined ? undefined : confirm(scene, found, [change]);
    }
    case "past-due-date": return pastDueDate(scene, task);
    case "invalid-priority": return invalidPriority(scene, task);
    default: {
      const changes = [makeChange(scene)];
      const speech = request(scene, refer(scene, task), changes[0] as Change);
      const second = makeChange(scene);
      if (random.chance(0.28) && second.field !== changes[0]?.field && second.field !== "title") {
        changes.push(second);
        scene.ask({ ...speech, sentences: [also(scene, second)] });
      } else scene.ask(speech);
      confirm(scene, task, changes);
    }
  }
}

function makeChange(scene: Scene): Change {
  switch (scene.random.weighted({ due_date: 46, priority: 27, description: 17, title: 10 })) {
    case "due_date": return { field: "due_date", due: scene.due() };
    case "priority": return { field: "priority", priority: scene.priority() };
    case "description": return { field: "description", note: scene.note() };
    case "title": return { field: "title", task: scene.task() };
  }
}

function request(scene: Scene, ref: string, change: Change): Speech {
  switch (change.field) {
    case "due_date": {
      const { bare } = change.due;
      return imperativeOr(scene, [
        `move ${ref} to ${bare}`, `push ${ref} to ${bare}`, `reschedule ${ref} for ${bare}`, `change the due date of ${ref} to ${bare}`,
        `set the deadline for ${ref} to ${bare}`, `postpone ${ref} until ${bare}`, `shift ${ref} to ${bare}`, `update ${ref} so it's due ${change.due.on}`,
      ], [
        `the deadline for ${ref} has changed to ${bare}`, `${ref} isn't due until ${bare} now`, `I won't manage ${ref} in time, make it ${bare}`,
        `they gave us until ${bare} for ${ref}`, `${ref} should be due ${change.due.on}`, `new due date for ${ref}: ${bare}`,
      ]);
    }
    case "priority": {
      const level = change.priority;
      const special = level === "high" ? [`bump ${ref} up to high priority`, `mark ${ref} as urgent`] : level === "low" ? [`drop ${ref} down to low priority`] : [];
      return imperativeOr(scene, [
        ...special, `set ${ref} to ${level} priority`, `change the priority of ${ref} to ${level}`, `make ${ref} ${level} priority`, `update the priority of ${ref} to ${level}`,
      ], [
        `${ref} should be ${level} priority`, `${ref} is ${level} priority now`, level === "high" ? `${ref} has become urgent` : `${ref} can go to ${level} priority`,
      ]);
    }
    case "description":
      return imperativeOr(scene, [
        `add a note to ${ref}: ${change.note}`, `update the description of ${ref} to "${change.note}"`, `write "${change.note}" in the notes of ${ref}`,
        `put "${change.note}" in the description of ${ref}`, `attach a note to ${ref} saying ${change.note}`,
      ], [`${ref} needs a note: ${change.note}`, `one detail for ${ref}: ${change.note}`]);
    case "title": {
      const quoted = scene.userQuote(change.task.title);
      return imperativeOr(scene, [`rename ${ref} to ${quoted}`, `change the title of ${ref} to ${quoted}`, `call ${ref} ${quoted} from now on`], [`${ref} should be called ${quoted} instead`]);
    }
  }
}

function imperativeOr(scene: Scene, imperatives: string[], statements: string[]): Speech {
  return scene.random.chance(0.72)
    ? { mood: "imperative", core: scene.random.pick(imperatives) }
    : { mood: "statement", core: scene.random.pick(statements) };
}

function also(scene: Scene, change: Change): string {
  switch (change.field) {
    case "due_date": return scene.word(["also make it due {d}", "and the new deadline is {bare}", "it's due {d} now as well"], { d: change.due.on, bare: change.due.bare });
    case "priority": return scene.word(["and set it to {p} priority", "also, {p} priority", "make it {p} priority too"], { p: change.priority });
    case "description": return scene.word(["and add a note: {n}", 'also put "{n}" in the description'], { n: change.note });
    case "title": return scene.word(["and rename it to {t}"], { t: scene.userQuote(change.task.title) });
  }
}

function confirm(scene: Scene, task: Task, changes: readonly Change[]): void {
  const { random } = scene;
  const title = scene.quote(task.title);
  const stated: Statement[] = [scene.statement("title", task.title, task.title)];
  const parts = changes.map((change): string => {
    switch (change.field) {
      case "due_date": {
        const date = scene.date(change.due.iso);
        stated.push(scene.statement("due_date", change.due.iso, date));
        return random.pick([`due date ${date}`, `now due ${date}`, `due on ${date}`, `new due date: ${date}`]);
      }
      case "priority":
        stated.push(scene.statement("priority", change.priority, change.priority));
        return random.pick([`${change.priority} priority`, `priority ${change.priority}`, `priority set to ${change.priority}`]);
      case "description":
        return random.pick([`description "${change.note}"`, `with the note "${change.note}"`, `note added: ${change.note}`]);
      case "title":
        return `new title ${scene.quote(change.task.title)}`;
    }
  });
  const [only] = changes;
  if (changes.length === 1 && only?.field === "due_date" && random.chance(0.55)) {
    const date = scene.date(only.due.iso);
    return scene.answer(scene.word([
      "{ack}I moved {t} to {d}.", "{ack}{t} is now due {d}.", "Rescheduled {t} to {d}.", "{ack}The due date of {t} is now {d}.", "{ack}I've pushed {t} to {d}.", "Updated: {t} is due {d}.",
    ], { ack: scene.acknowledge(), t: title, d: date }) + scene.offer("Should I change the priority too?"), stated);
  }
  if (changes.length === 1 && only?.field === "title") {
    return scene.answer(scene.word(["{ack}I renamed {t} to {n}.", "{ack}{t} is now called {n}.", "Title changed from {t} to {n}."], { ack: scene.acknowledge(), t: title, n: scene.quote(only.task.title) }), stated);
  }
  scene.answer(`${scene.acknowledge()}${scene.word([
    "Updated {t}: {p}.", "I've updated {t}: {p}.", "{t} is updated ({p}).", "Changes saved for {t}: {p}.", "I changed {t}: {p}.",
  ], { t: title, p: parts.join(", ") })}${scene.offer()}`, stated);
}

function missingDetails(scene: Scene, task: Task): void {
  const ref = refer(scene, task);
  const title = scene.quote(task.title);
  if (scene.random.chance(0.5)) {
    scene.ask(imperativeOr(scene, [`change the deadline of ${ref}`, `move ${ref}`, `reschedule ${ref}`, `push ${ref} back`], [`${ref} has a new deadline`, `I can't make the date for ${ref}`]));
    scene.answer(scene.word(["To which date should I move {t}?", "What's the new due date for {t}?", "Sure, when should {t} be due instead?", "Which day works better for {t}?", "Until when should I postpone {t}?"], { t: title }));
    const due = scene.due();
    scene.reply(due.bare, `to ${due.bare}`, `make it ${due.bare}`, `${due.bare}, please`, `let's do ${due.bare}`);
    return confirm(scene, task, [{ field: "due_date", due }]);
  }
  scene.ask(imperativeOr(scene, [`update ${ref}`, `edit ${ref}`, `make a change to ${ref}`, `change ${ref}`], [`something about ${ref} has changed`, `I need to edit ${ref}`]));
  scene.answer(scene.word([
    "What would you like to change about {t}: the title, due date, priority or description?", "Which field of {t} should I update?", "What should be different about {t}?",
    "I have {t} here. What's the change?", "Sure. Which part of {t} needs changing?",
  ], { t: title }));
  const change = makeChange(scene);
  switch (change.field) {
    case "due_date": scene.reply(`the due date, ${change.due.bare}`, `make it due ${change.due.on}`, `new deadline is ${change.due.bare}`); break;
    case "priority": scene.reply(`priority to ${change.priority}`, `make it ${change.priority} priority`, `${change.priority} priority now`); break;
    case "description": scene.reply(`the description: ${change.note}`, `add a note: ${change.note}`, `put "${change.note}" in the notes`); break;
    case "title": scene.reply(`the title, ${scene.userQuote(change.task.title)}`, `rename it to ${scene.userQuote(change.task.title)}`); break;
  }
  confirm(scene, task, [change]);
}

function pastDueDate(scene: Scene, task: Task): void {
  const past = sayPastDate(scene.random, scene.today);
  scene.ask(request(scene, refer(scene, task), { field: "due_date", due: past }));
  scene.answer(scene.word([
    "{d} has already passed, so I left {t} as it is. Which date would you like?", "I can't move {t} to {d}, that day is over. What's the right date?",
    "{d} is in the past. When should {t} be due?", "That would make {t} overdue at once, since {d} is before today. Another date?",
  ], { d: scene.date(past.iso), t: scene.quote(task.title) }));
  const due = scene.due();
  scene.reply(`then ${due.bare}`, `${due.bare}, sorry`, `I mean ${due.bare}`, `okay, ${due.bare}`, `make it ${due.bare}`);
  confirm(scene, task, [{ field: "due_date", due }]);
}

function invalidPriority(scene: Scene, task: Task): void {
  const invalid = scene.random.pick(["critical", "P0", "super urgent", "very low", "level 4", "extreme", "maximum", "none at all", "orange", "7"]);
  scene.ask(imperativeOr(scene, [`set the priority of ${refer(scene, task)} to ${invalid}`, `change ${refer(scene, task)} to priority ${invalid}`], [`${refer(scene, task)} should have priority ${invalid}`]));
  scene.answer(scene.word([
    "Priority can be low, medium or high, so {p} isn't possible. Which one for {t}?", "I can only set low, medium or high. What should {t} have?",
    "There's no priority {p}. Choose low, medium or high for {t}.", "{t} can't get the priority {p}; low, medium and high are available. Which one?",
  ], { p: scene.quote(invalid), t: scene.quote(task.title) }));
  const priority = scene.priority();
  scene.reply(priority, `${priority} then`, `okay, ${priority}`, `${priority} priority`, `take ${priority}`);
  confirm(scene, task, [{ field: "priority", priority }]);
}
