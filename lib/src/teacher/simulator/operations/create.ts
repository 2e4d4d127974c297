import type { Priority } from "../../task-api.js";
import { sayPastDate, type DateMention } from "../calendar.js";
import { arrange, sayDue, sayNote, sayPriority, type Detail } from "../details.js";
import type { Scene, Statement } from "../scene.js";
import type { Task } from "../tasks.js";
import type { Mood, Speech } from "../voice.js";

/** What the new task is to hold, as far as the user has said it. */
interface Wish {
  task: Task;
  due?: DateMention;
  priority?: Priority;
  note?: string;
}

const CORES: readonly (readonly [Mood, string])[] = [
  ["imperative", "add a task to {action}"], ["imperative", "create a task to {action}"], ["imperative", "remind me to {action}"],
  ["imperative", "put {gerund} on my list"], ["imperative", "set up a task called {quoted}"], ["imperative", "add {quoted} to my tasks"],
  ["imperative", "make a new task to {action}"], ["imperative", "log a to-do: {action}"], ["imperative", "note down that I have to {action}"],
  ["imperative", "save a task named {quoted}"], ["imperative", "open a new task for {gerund}"], ["imperative", "add one for {gerund}"],
  ["imperative", "track {gerund} for me"], ["imperative", "create {quoted}"], ["imperative", "start a to-do for {gerund}"],
  ["imperative", "keep me from forgetting to {action}"], ["imperative", "register a task to {action}"],
  ["statement", "I need to {action}"], ["statement", "I have to {action}"], ["statement", "I promised to {action}"],
  ["statement", "I keep forgetting to {action}, so add it"], ["statement", "we still have to {action}, add that"],
  ["statement", "I want a reminder to {action}"], ["statement", "{gerund} should go on the list"], ["statement", "there's a new one for the list: {action}"],
  ["statement", "I was just asked to {action}, so that's a new task"], ["statement", "I'd like to have {quoted} as a task"],
  ["statement", "my manager wants me to {action}, please add it"], ["statement", "someone has to {action} and it's me, so add it"],
  ["fragment", "new task: {action}"], ["fragment", "new to-do, {action}"], ["fragment", "task for me: {action}"], ["fragment", "to do: {action}"],
  ["question", "can I get a task to {action}"], ["question", "could you add a task for {gerund}"], ["question", "is it possible to add {quoted} to my list"],
];

/** Plays one create conversation. */
export function create(scene: Scene): void {
  const { random } = scene;
  const task = scene.task();
  switch (scene.spec.scenario) {
    case "missing-details": return missingDetails(scene, task);
    case "changed-mind": return changedMind(scene, task);
    case "past-due-date": return pastDueDate(scene, task);
    case "invalid-priority": return invalidPriority(scene, task);
    case "empty-title": return emptyTitle(scene, task);
    case "small-talk": return smallTalk(scene, task);
    default: {
      const wish: Wish = { task, due: scene.due() };
      if (random.chance(0.6)) wish.priority = scene.priority();
      if (random.chance(0.35)) wish.note = scene.note();
      request(scene, wish);
      confirm(scene, wish);
    }
  }
}

function request(scene: Scene, wish: Wish, extra: readonly Detail[] = []): void {
  const details: Detail[] = [...extra];
  if (wish.due !== undefined) details.push(sayDue(scene, wish.due));
  if (wish.priority !== undefined) details.push(sayPriority(scene, wish.priority));
  if (wish.note !== undefined) details.push(sayNote(scene, wish.note));
  scene.ask({ ...core(scene, wish.task), ...arrange(scene, details) });
}

function core(scene: Scene, task: Task): Speech {
  const [mood, template] = scene.random.pick(CORES);
  return { mood, core: scene.word([template], { action: task.action, gerund: task.longGerund, quoted: scene.userQuote(task.title) }) };
}

/** The assistant's confirmation; the priority is named when it was given, and now and then as the default. */
function confirm(scene: Scene, wish: Wish, opening = scene.acknowledge()): void {
  const { random } = scene;
  const stated: Statement[] = [scene.statement("title", wish.task.title, wish.task.title)];
  const date = wish.due === undefined ? undefined : scene.date(wish.due.iso);
  if (wish.due !== undefined && date !== undefined) stated.push(scene.statement("due_date", wish.due.iso, date));
  const priority = wish.priority ?? (random.chance(0.25) ? "medium" : undefined);
  if (wish.priority !== undefined) stated.push(scene.statement("priority", wish.priority, wish.priority));
  if (random.chance(0.22)) {
    const lines = [`${random.pick(["Title", "Task"])}: ${scene.quote(wish.task.title)}`];
    if (date !== undefined) lines.push(`${random.pick(["Due", "Due date"])}: ${date}`);
    if (priority !== undefined) lines.push(`Priority: ${priority}${wish.priority === undefined ? " (default)" : ""}`);
    if (wish.note !== undefined) lines.push(`Description: ${wish.note}`);
    const bullet = random.pick(["- ", "", "* "]);
    const head = random.pick(["Task created:", "Here is your new task:", "I've added this:", "New task saved.", "It's on your list:"]);
    return scene.answer(`${opening}${head}\n${lines.map((line) => bullet + line).join("\n")}`, stated);
  }
  const title = scene.quote(wish.task.title);
  const phrases: string[] = [];
  if (date !== undefined) phrases.push(random.pick([`due ${date}`, `with a due date of ${date}`, `due ${date}`, `deadline ${date}`]));
  if (priority !== undefined) {
    phrases.push(wish.priority === undefined ? "medium priority by default" : random.pick([`${priority} priority`, `priority ${priority}`, `marked ${priority} priority`]));
  }
  const made = random.pick([
    `I've created ${title}`, `I created ${title}`, `Created ${title}`, `Added ${title}`, `I've added ${title} to your list`, `${title} is on your list`,
    `I've put ${title} on your list`, `${title} has been created`, `Saved ${title}`, `Your new task is ${title}`, `I added a task: ${title}`,
  ]);
  const note = wish.note === undefined ? "" : random.pick([
    ` Description: ${wish.note}.`, ` I noted in the description: ${wish.note}.`, ` The description says "${wish.note}".`, ` Note added: ${wish.note}.`,
  ]);
  const missing: string[] = [];
  if (wish.priority === undefined) missing.push("Should it have a priority other than medium?");
  if (wish.note === undefined) missing.push("Would you like to add a description?");
  scene.answer(`${opening}${made}${phrases.length > 0 ? `, ${phrases.join(", ")}` : ""}.${note}${scene.offer(...missing)}`, stated);
}

function missingDetails(scene: Scene, task: Task): void {
  const { random } = scene;
  const wish: Wish = { task };
  if (random.chance(0.4)) wish.priority = scene.priority();
  if (random.chance(0.6)) {
    request(scene, wish);
    scene.answer(scene.word([
      "{ack}When is {title} due?", "{ack}What due date should I set for {title}?", "I can add {title}. By when do you need it done?",
      "{ack}One question first: when should {title} be finished?", "Which due date should {title} get?",
    ], { ack: scene.acknowledge().replace("Done. ", ""), title: scene.quote(task.title) }));
    wish.due = scene.due();
    scene.reply(wish.due.bare, wish.due.on, `let's say ${wish.due.bare}`, `it's due ${wish.due.on}`, `${wish.due.bare} would be good`);
    return confirm(scene, wish);
  }
  wish.due = scene.due();
  scene.ask({
    mood: "imperative",
    core: scene.word(["create a new task", "add something to my list", "add a task", "put something new on my list", "set up a reminder", "make a task for me", "open a to-do"]),
    ...arrange(scene, [sayDue(scene, wish.due), ...(wish.priority === undefined ? [] : [sayPriority(scene, wish.priority)])]),
  });
  scene.answer(scene.word([
    "What should the task be called?", "{ack}What is the task about?", "Happy to. What's the title?", "Which task should I create for {date}?",
    "What would you like me to put down for {date}?", "I have the date, {date}. What do you need to do?",
  ], { ack: scene.acknowledge().replace("Done. ", ""), date: scene.date(wish.due.iso) }));
  scene.reply(task.action, scene.userQuote(task.title), `call it ${scene.userQuote(task.title)}`, `I have to ${task.action}`, `it's ${task.longGerund}`);
  confirm(scene, wish);
}

function changedMind(scene: Scene, task: Task): void {
  const { random } = scene;
  const wish: Wish = { task, due: scene.due(), priority: scene.priority() };
  request(scene, wish);
  confirm(scene, wish);
  if (random.chance(0.6)) {
    const due = scene.due();
    scene.reply(
      `actually, make that ${due.bare}`, `wait, ${due.bare} is better`, `sorry, I meant ${due.bare}`, `hm, change the date to ${due.bare}`,
      `can we make it ${due.bare} instead?`, `no, the due date should be ${due.bare}`,
    );
    const date = scene.date(due.iso);
    return scene.answer(scene.word([
      "{ack}{title} is now due {date}.", "{ack}I moved the due date of {title} to {date}.", "Changed: {title}, due {date}.", "{ack}The new due date for {title} is {date}.",
    ], { ack: scene.acknowledge(), title: scene.quote(task.title), date }), [scene.statement("title", task.title, task.title), scene.statement("due_date", due.iso, date)]);
  }
  const priority = random.pick((["low", "medium", "high"] as const).filter((level) => level !== wish.priority));
  scene.reply(`on second thought, ${priority} priority`, `actually make it ${priority} priority`, `hm, set it to ${priority} priority instead`, `let's go with priority ${priority}`);
  scene.answer(scene.word([
    "{ack}{title} now has {priority} priority.", "{ack}I changed the priority of {title} to {priority}.", "Priority of {title} set to {priority}.",
  ], { ack: scene.acknowledge(), title: scene.quote(task.title), priority }), [scene.statement("title", task.title, task.title), scene.statement("priority", priority, priority)]);
}

function pastDueDate(scene: Scene, task: Task): void {
  const past = sayPastDate(scene.random, scene.today);
  const wish: Wish = { task, due: past };
  if (scene.random.chance(0.4)) wish.priority = scene.priority();
  request(scene, wish);
  scene.answer(scene.word([
    "{date} is already past, so I haven't created {title} yet. Which date should I use?",
    "I can't set {date} as the due date because it's over. When should {title} be due?",
    "That would be {date}, which lies in the past. What due date do you want instead?",
    "The due date {date} has passed. Give me a date from today on and I'll add {title}.",
    "Just checking: {date} is before today ({today}). Which day did you mean?",
  ], { date: scene.date(past.iso), today: scene.date(scene.today), title: scene.quote(task.title) }));
  const due = scene.due();
  scene.reply(`oh, I meant ${due.bare}`, `then ${due.bare}`, `${due.bare}, my mistake`, `right, ${due.bare}`, `make it ${due.bare}`);
  confirm(scene, { ...wish, due });
}

const NO_PRIORITIES = ["critical", "P1", "super high", "very important", "level 5", "extreme", "blocker", "A1", "ultra", "kind of important", "10 out of 10", "red"];

function invalidPriority(scene: Scene, task: Task): void {
  const invalid = scene.random.pick(NO_PRIORITIES);
  const wish: Wish = { task, due: scene.due() };
  request(scene, wish, [scene.random.chance(0.5) ? { tail: `priority ${invalid}` } : { sentence: scene.word(["set the priority to {p}", "the priority is {p}", "priority should be {p}"], { p: invalid }) }]);
  scene.answer(scene.word([
    "{p} isn't a priority I can store. The choices are low, medium and high. Which one for {title}?",
    "I know three priorities: low, medium, high. Which of them fits {title}?",
    "Before I add {title}: the priority has to be low, medium or high, not {p}. What should it be?",
    "The Task API accepts only low, medium or high, so {p} won't work. Which one do you want?",
  ], { p: scene.quote(invalid), title: scene.quote(task.title) }));
  wish.priority = scene.priority();
  scene.reply(wish.priority, `${wish.priority} then`, `${wish.priority} priority`, `use ${wish.priority}`, `okay, ${wish.priority}`);
  confirm(scene, wish);
}

function emptyTitle(scene: Scene, task: Task): void {
  const wish: Wish = { task };
  if (scene.random.chance(0.6)) wish.due = scene.due();
  const details = wish.due === undefined ? [] : [sayDue(scene, wish.due)];
  scene.ask({ mood: "imperative", core: scene.word(['create a task with the title ""', "add a task called '   '", "create a task without a title", "add a task and leave the title empty", 'make a task named ""', "create an untitled task"]), ...arrange(scene, details) });
  scene.answer(scene.word([
    "A task needs a title, so I can't create it empty. What should it say?", "The title can't be blank. What do you want to call the task?",
    "I need at least a short title before I can save the task. What is it about?", "Empty titles aren't allowed. How should I name it?",
  ]));
  scene.reply(task.action, scene.userQuote(task.title), `okay, ${scene.userQuote(task.title)}`, `then call it ${scene.userQuote(task.title)}`, `it's about ${task.longGerund}`);
  confirm(scene, wish);
}

function smallTalk(scene: Scene, task: Task): void {
  scene.ask({ mood: "question", core: scene.word(["how are you today", "are you a real person", "do you ever sleep", "how was your weekend", "can you tell me a joke", "what's the weather like", "which team do you support", "did you miss me", "are you good at cooking"]) });
  scene.answer(scene.word([
    "I'm only good at tasks, I'm afraid. Is there one I can help you with?", "Thanks for asking! I manage your tasks, so tell me what's on your plate.",
    "That's outside what I can do; I look after your task list. Shall we add something to it?", "I leave that to others and stick to your tasks. Anything to create or check off?",
    "Kind of you. I'm a task assistant without much of a private life. What can I do for your list?",
  ]));
  const wish: Wish = { task, due: scene.due() };
  if (scene.random.chance(0.4)) wish.priority = scene.priority();
  request(scene, wish);
  confirm(scene, wish);
}
