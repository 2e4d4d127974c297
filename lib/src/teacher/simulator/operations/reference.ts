import type { Scene } from "../scene.js";
import { makeTasks, type Task } from "../tasks.js";

/** How a user points at a task that exists already. */
export function refer(scene: Scene, task: Task): string {
  return scene.random.pick([
    `the ${task.topic} task`, `the task about ${task.object}`, `the one about ${task.object}`, `the task ${scene.userQuote(task.title)}`,
    scene.userQuote(task.title), `my task to ${task.action}`, `the ${scene.userQuote(task.title)} task`, `${task.gerund}`, `the ${task.topic} thing`,
    `the reminder about ${task.object}`,
  ]);
}

/** Points at a task so loosely that several fit. */
export function referLoosely(scene: Scene): string {
  return scene.random.pick([
    "that task", "the task from last week", "the one I added recently", "the report one", "the meeting thing", "the call", "that thing we talked about",
    "the first one", "the old one", "the urgent one", "the other task", "the appointment", "the paperwork one", "the order",
  ]);
}

/** Two or three tasks for the assistant to choose between. */
export function candidates(scene: Scene): [Task, Task, ...Task[]] {
  const [first, second, ...more] = makeTasks(scene.random, scene.spec.setting, scene.random.chance(0.7) ? 2 : 3);
  if (first === undefined || second === undefined) throw new Error(`the setting "${scene.spec.setting}" has too few tasks`);
  return [first, second, ...more];
}

/** The assistant asks which of several tasks is meant; the user picks one, which is returned. */
export function disambiguate(scene: Scene, verb: string): Task {
  const tasks = candidates(scene);
  const names = tasks.map((task) => scene.quote(task.title));
  const listed = scene.random.chance(0.5)
    ? ` ${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}?`
    : `\n${names.map((name, i) => `${i + 1}. ${name}`).join("\n")}`;
  scene.answer(scene.word([
    "Which one do you mean:{list}", "I found more than one match. Which should I {verb}:{list}", "There are {n} tasks that could fit:{list}",
    "Several tasks match. Is it{list}", "Could you be more specific? I see{list}", "Just to be sure, which task should I {verb}?{list}",
  ], { list: listed, verb, n: String(tasks.length) }));
  const index = scene.random.integer(0, tasks.length - 1);
  const chosen = tasks[index] ?? tasks[0];
  scene.reply(`the one about ${chosen.object}`, scene.userQuote(chosen.title), `${chosen.gerund}`, `the ${chosen.topic} one`, `I mean ${scene.userQuote(chosen.title)}`);
  return chosen;
}

/** The assistant finds nothing; the user gives up or names the right task, which is then returned. */
export function notFound(scene: Scene, missing: Task): Task | undefined {
  const { random } = scene;
  const near = scene.task();
  const offersNear = near.topic !== missing.topic && random.chance(0.55);
  const head = scene.word([
    "I couldn't find a task about {o}.", "There is no task called {t} on your list.", "Nothing on your list matches {t}.", "I don't see {t} among your open tasks.",
    "I looked, but there's no task for {g}.", "No open task mentions {o}.",
  ], { o: missing.object, t: scene.quote(missing.title), g: missing.gerund });
  if (!offersNear) {
    scene.answer(`${head}${scene.word([" Could it have another name?", " Should I create it instead?", " Would you like to see your open tasks?", " It may have been deleted already.", ""])}`);
    if (random.chance(0.5)) return undefined;
    scene.reply("no, never mind", "oh, I must have deleted it already", "leave it then", "strange, forget it", "ok, my mistake");
    scene.answer(scene.word(["No problem. Nothing was changed.", "All right, your list stays as it is.", "Okay, I left everything untouched.", "Fine, no changes made.", "Understood. Nothing has changed."]));
    return undefined;
  }
  scene.answer(`${head}${scene.word([" Did you mean {n}?", " The closest one is {n}. Is that it?", " There is {n}, though. Should I take that one?", " Perhaps {n}?"], { n: scene.quote(near.title) })}`);
  if (random.chance(0.7)) {
    scene.reply("yes, that one", "yes exactly", "right, that's it", `yes, ${near.gerund}`, "that's the one", "yep");
    return near;
  }
  scene.reply("no, leave it", "no, that's a different one", "no, never mind", "not that one, forget it");
  scene.answer(scene.word(["Okay, nothing was changed.", "All right. Your list is unchanged.", "No changes made, then.", "Understood, I left {n} alone."], { n: scene.quote(near.title) }));
  return undefined;
}
