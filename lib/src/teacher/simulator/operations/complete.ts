import type { Scene } from "../scene.js";
import type { Task } from "../tasks.js";
import type { Speech } from "../voice.js";
import { candidates, disambiguate, notFound, refer, referLoosely } from "./reference.js";

/** Plays one complete conversation. */
export function complete(scene: Scene): void {
  const task = scene.task();
  switch (scene.spec.scenario) {
    case "several-tasks": return severalTasks(scene);
    case "ambiguous-reference":
      scene.ask(byReference(scene, referLoosely(scene)));
      return confirm(scene, disambiguate(scene, "mark as done"));
    case "unknown-task": {
      scene.ask(request(scene, task));
      const found = notFound(scene, task);
      return found === undefined ? undefined : confirm(scene, found);
    }
    case "already-done":
      scene.ask(request(scene, task));
      return scene.answer(scene.word([
        "{t} was already completed on {d}, so there's nothing left to do.", "You checked off {t} on {d}. It stays completed.", "{t} is already marked as done (since {d}).",
        "No change needed: {t} has been complete since {d}.", "That one's done already. You finished {t} on {d}.",
      ], { t: scene.quote(task.title), d: scene.date(scene.someDay(-14, -1)) }) + scene.offer("Did you mean another task?"), [scene.statement("title", task.title, task.title)]);
    default:
      scene.ask(request(scene, task));
      confirm(scene, task);
  }
}

function request(scene: Scene, task: Task): Speech {
  if (scene.random.chance(0.45)) return byReference(scene, refer(scene, task));
  return { mood: "statement", core: scene.word([
    "I {past}", "I've just finished {gerund}", "I {past} this morning", "{gerund} is done", "finally {past}", "I'm done with {object}", "just {past}, you can check it off",
    "{person} {past} for me, so it's done", "{gerund} is finished", "I {past} last night", "that's {gerund} out of the way", "I managed to {action}", "{object}: done and dusted",
    "I {past} earlier than planned", "we wrapped up {gerund}", "I {past} on the way home", "done with {gerund}",
  ], { past: task.past, gerund: task.gerund, object: task.object, action: task.action, person: scene.random.pick(["my colleague", "my sister", "a neighbour", "my partner", "the intern"]) }) };
}

function byReference(scene: Scene, ref: string): Speech {
  return { mood: "imperative", core: scene.word([
    "mark {r} as done", "check off {r}", "complete {r}", "tick off {r}", "set {r} to completed", "close {r} as done", "mark {r} complete", "move {r} to done", "cross {r} off my list",
  ], { r: ref }) };
}

function confirm(scene: Scene, task: Task): void {
  const due = scene.random.chance(0.15) ? scene.word([" It was due {d}.", " That's ahead of its due date, {d}.", " Its due date was {d}."], { d: scene.date(scene.someDay(1, 20)) }) : "";
  scene.answer(`${scene.acknowledge()}${scene.word([
    "{t} is marked as done.", "I marked {t} as completed.", "{t} is complete.", "I've checked off {t}.", "Marked {t} as done.", "{t} is off your list.", "Completed: {t}.",
    "I've closed {t} as completed.", "{t} now counts as done.", "Nice work, {t} is completed.", "{t} has moved to your completed tasks.",
  ], { t: scene.quote(task.title) })}${due}${scene.offer(`You have ${scene.random.integer(1, 14)} open tasks left.`, "Want to see what's next?", `That leaves ${scene.random.integer(1, 9)} for today.`)}`,
  [scene.statement("title", task.title, task.title)]);
}

function severalTasks(scene: Scene): void {
  const tasks = candidates(scene);
  const names = tasks.map((task) => scene.random.pick([task.gerund, task.object]));
  const list = `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
  scene.ask(scene.random.chance(0.5)
    ? { mood: "imperative", core: scene.word(["mark {l} as done", "check off {l}", "tick off {l}", "complete {l}"], { l: list }) }
    : { mood: "statement", core: scene.word(["I'm done with {l}", "I finished {l} today", "{l} are done", "got through {l}", "{l} can come off the list"], { l: list }) });
  const titles = tasks.map((task) => scene.quote(task.title));
  const all = `${titles.slice(0, -1).join(", ")} and ${titles.at(-1) ?? ""}`;
  scene.answer(`${scene.acknowledge()}${scene.word([
    "{a} are marked as done.", "I checked off {a}.", "Completed {n} tasks: {a}.", "{a} are complete now.", "That's {n} tasks off your list: {a}.",
  ], { a: all, n: String(tasks.length) })}${scene.offer("Good progress.")}`, [scene.statement("title", tasks[0].title, tasks[0].title)]);
}
