import type { Scene } from "../scene.js";
import type { Task } from "../tasks.js";
import { disambiguate, notFound, refer, referLoosely } from "./reference.js";
import type { Speech } from "../voice.js";

/** Plays one delete conversation. */
export function remove(scene: Scene): void {
  const task = scene.task();
  switch (scene.spec.scenario) {
    case "confirmation": return confirmation(scene, task);
    case "ambiguous-reference":
      scene.ask(byReference(scene, referLoosely(scene)));
      return confirm(scene, disambiguate(scene, "delete"));
    case "unknown-task": {
      scene.ask(request(scene, task));
      const found = notFound(scene, task);
      return found === undefined ? undefined : confirm(scene, found);
    }
    case "delete-all": return deleteAll(scene);
    case "no-undo": return noUndo(scene, task);
    default:
      scene.ask(request(scene, task));
      confirm(scene, task);
  }
}

function request(scene: Scene, task: Task): Speech {
  const ref = refer(scene, task);
  if (scene.random.chance(0.6)) {
    const speech = byReference(scene, ref);
    return scene.random.chance(0.35) ? { ...speech, sentences: [reason(scene)] } : speech;
  }
  return { mood: "statement", core: scene.word([
    "I don't need {r} anymore", "{r} can go", "{r} isn't needed any longer", "{r} is obsolete, delete it", "we're not doing {r} after all, so remove it", "{r} was a duplicate, please remove it",
    "{r} shouldn't be on my list", "someone else is taking over {r}, so delete it from my list", "{r} got called off, take it off the list", "I added {r} by mistake, remove it",
  ], { r: ref }) };
}

function byReference(scene: Scene, ref: string): Speech {
  return { mood: "imperative", core: scene.word([
    "delete {r}", "remove {r}", "get rid of {r}", "take {r} off my list", "drop {r}", "erase {r}", "cancel {r}", "throw out {r}", "delete {r} from my tasks", "scrap {r}",
  ], { r: ref }) };
}

function reason(scene: Scene): string {
  return scene.random.pick([
    "it's no longer relevant", "plans have changed", "someone else took it over", "I created it twice", "we decided against it", "the client cancelled", "it was only a test", "that's not happening this year",
    "it sorted itself out", "I'm not the right person for it",
  ]);
}

function confirm(scene: Scene, task: Task): void {
  scene.answer(`${scene.acknowledge()}${scene.word([
    "{t} has been deleted.", "I deleted {t}.", "Deleted {t}.", "{t} is gone.", "I've removed {t} from your list.", "{t} is off your list for good.", "Removed {t}.", "I took {t} off your list and deleted it.",
    "The task {t} no longer exists.",
  ], { t: scene.quote(task.title) })}${scene.offer("Your other tasks are unchanged.", `${scene.random.integer(2, 15)} tasks remain.`)}`, [scene.statement("title", task.title, task.title)]);
}

function confirmation(scene: Scene, task: Task): void {
  scene.ask(request(scene, task));
  const detail = scene.random.chance(0.5) ? scene.word([" (due {d})", " (due date {d})", ", the one due {d},"], { d: scene.date(scene.someDay()) }) : "";
  scene.answer(scene.word([
    "Deleting can't be undone. Should {t}{x} really go?", "Please confirm that {t}{x} should be deleted.", "You want me to delete {t}{x} permanently. Is that right?", "So {t}{x} should be deleted for good?",
    "Deleting {t}{x} is final. Shall I go ahead?", "Just to confirm, {t}{x} will be removed permanently. OK?",
  ], { t: scene.quote(task.title), x: detail }));
  if (scene.random.chance(0.78)) {
    scene.reply("yes", "yes, delete it", "go ahead", "yes, I'm sure", "confirmed", "do it", "yep, get rid of it", "that's right", "sure");
    return confirm(scene, task);
  }
  scene.reply("no, keep it", "wait, no", "hm, leave it for now", "no, better not", "actually keep it", "stop, I still need it");
  scene.answer(scene.word(["Okay, {t} stays on your list.", "Kept {t}. Nothing was deleted.", "All right, I left {t} where it is.", "Cancelled. {t} is still there."], { t: scene.quote(task.title) }), [scene.statement("title", task.title, task.title)]);
}

function deleteAll(scene: Scene): void {
  const n = scene.random.integer(4, 38);
  const what = scene.random.pick(["all my tasks", "everything", "every task on the list", "all completed tasks", "all the overdue ones", "all low priority tasks", "everything from last month"]);
  scene.ask({ mood: "imperative", core: scene.word(["delete {w}", "remove {w}", "clear {w}", "wipe {w}", "get rid of {w}"], { w: what }) });
  scene.answer(scene.word([
    "That would delete {n} tasks and can't be undone. Are you sure?", "{n} tasks match. Should I delete them all for good?", "Before I do that: {n} tasks would be gone permanently. Continue?",
    "I count {n} tasks for that. Please confirm that I should delete them.",
  ], { n: String(n) }));
  if (scene.random.chance(0.5)) {
    scene.reply("yes, all of them", "yes", "go ahead", "yes, clean slate", "confirmed");
    return scene.answer(scene.word(["Done. {n} tasks were deleted.", "All {n} tasks are deleted.", "{n} tasks removed.", "I deleted all {n} of them."], { n: String(n) }));
  }
  scene.reply("oh, no, don't", "no, wait", "that many? no", "no, I'll go through them myself", "cancel that");
  scene.answer(scene.word(["Nothing was deleted. All {n} tasks are still there.", "Okay, I kept all {n} tasks.", "No problem, the {n} tasks stay.", "Cancelled; your {n} tasks are safe."], { n: String(n) }));
}

function noUndo(scene: Scene, task: Task): void {
  scene.ask(request(scene, task));
  confirm(scene, task);
  scene.reply("oh no, can you bring it back?", "wait, wrong one, undo that", "can you restore it?", "hm, undo please", "sorry, I need it back", "how do I get it back?");
  const title = scene.quote(task.title);
  scene.answer(scene.word([
    "A deleted task can't be restored, but I can create {t} again. Should I?", "There is no undo for deletions. I can add {t} as a new task if you tell me the due date.",
    "Sorry, deletion is final. Shall I create {t} again?", "I can't restore {t}. Would you like me to create it anew?",
  ], { t: title }), [scene.statement("title", task.title, task.title)]);
  if (scene.random.chance(0.45)) {
    scene.reply("no, it's fine", "leave it, I'll do it later", "no thanks", "not now");
    scene.answer(scene.word(["Okay. {t} stays deleted.", "All right. Tell me when you want {t} back.", "Fine, I leave it at that. {t} is deleted."], { t: title }), [scene.statement("title", task.title, task.title)]);
  }
}
