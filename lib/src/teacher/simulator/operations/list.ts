import type { Priority } from "../../task-api.js";
import { addDays, sayFutureDate, WEEKDAYS, weekdayOf } from "../calendar.js";
import type { Scene, Statement } from "../scene.js";
import { makeTasks, type Task } from "../tasks.js";
import { upper, type Speech } from "../voice.js";

/** What is asked for, and which tasks answer it. */
interface Query {
  speech: Speech;
  /** Begins the answer: "3 high priority tasks", "tasks due today". */
  label: string;
  /** Says that there are none: "No tasks are due today." */
  none: string;
  rows: Row[];
  stated: Statement[];
}

interface Row {
  task: Task;
  due: string;
  priority: Priority;
  isDone?: boolean;
}

/** Plays one list conversation. */
export function list(scene: Scene): void {
  switch (scene.spec.scenario) {
    case "follow-up": return followUp(scene);
    case "empty-result": {
      const query = makeQuery(scene);
      scene.ask(query.speech);
      return scene.answer(`${query.none}${scene.word(["", " Your list is clear there.", " Want to see everything instead?", " Enjoy the quiet.", " Should I show your other tasks?"])}`, []);
    }
    case "out-of-scope": return outOfScope(scene);
    default: {
      const query = makeQuery(scene);
      scene.ask(query.speech);
      scene.answer(show(scene, query), query.stated);
    }
  }
}

function rowsOf(scene: Scene, count: number, fixed: Partial<Row>, from: number, to: number): Row[] {
  return makeTasks(scene.random, scene.spec.setting, count)
    .map((task): Row => ({ task, due: scene.someDay(from, to), priority: scene.priority(), ...fixed }))
    .sort((a, b) => a.due.localeCompare(b.due));
}

function makeQuery(scene: Scene): Query {
  const { random, today } = scene;
  const count = random.weighted({ "1": 12, "2": 30, "3": 34, "4": 16, "5": 8 });
  const n = Number(count);
  switch (random.weighted({ priority: 24, day: 22, week: 14, overdue: 10, topic: 14, done: 8, open: 8 })) {
    case "priority": {
      const priority = scene.priority();
      return {
        speech: asking(scene, [`my ${priority} priority tasks`, `everything with ${priority} priority`, `all tasks marked ${priority} priority`, priority === "high" ? "the urgent tasks" : `the ${priority} priority ones`]),
        label: `${priority} priority`, none: `You have no ${priority} priority tasks.`, rows: rowsOf(scene, n, { priority }, 0, 30),
        stated: [scene.statement("priority", priority, priority)],
      };
    }
    case "day": {
      const day = sayFutureDate(random, today);
      return {
        speech: asking(scene, [`the tasks due ${day.on}`, `everything that's due ${day.on}`, `what I have to do ${day.on}`, `what's on my plate ${day.on}`]),
        label: `due ${scene.date(day.iso)}`, none: `Nothing is due ${scene.date(day.iso)}.`, rows: rowsOf(scene, n, { due: day.iso }, 0, 0),
        stated: [scene.statement("due_date", day.iso, scene.date(day.iso))],
      };
    }
    case "week": {
      const left = (7 - weekdayOf(today)) % 7;
      return {
        speech: asking(scene, ["my tasks for this week", "what's due this week", "this week's to-dos", "everything I have to finish this week"]),
        label: "due this week", none: "Nothing else is due this week.", rows: rowsOf(scene, n, {}, 0, left), stated: [],
      };
    }
    case "overdue":
      return {
        speech: asking(scene, ["my overdue tasks", "what I've missed", "everything that's late", "the tasks past their due date"]),
        label: "overdue", none: "Nothing is overdue.", rows: rowsOf(scene, n, {}, -20, -1), stated: [],
      };
    case "topic": {
      const rows = rowsOf(scene, 1, {}, 0, 30);
      const object = rows[0]?.task.object ?? "that";
      return {
        speech: asking(scene, [`my tasks about ${object}`, `anything to do with ${object}`, `tasks that mention ${object}`, `what I have on ${object}`]),
        label: `about ${object}`, none: `No task mentions ${object}.`, rows, stated: rows.map((row) => scene.statement("title", row.task.title, row.task.title)),
      };
    }
    case "done":
      return {
        speech: asking(scene, ["what I've completed", "my completed tasks", "everything I finished lately", "the done ones"]),
        label: "completed", none: "You haven't completed any tasks yet.", rows: rowsOf(scene, n, { isDone: true }, -15, 3), stated: [],
      };
    case "open":
      return {
        speech: asking(scene, ["all my open tasks", "my to-do list", "everything that's still open", "my whole list", "what's left to do"]),
        label: "open", none: "Your list is empty.", rows: rowsOf(scene, Math.max(2, n), {}, -3, 40), stated: [],
      };
  }
}

function asking(scene: Scene, objects: readonly string[]): Speech {
  const object = scene.random.pick(objects);
  const isClause = /^what/.test(object);
  if (isClause && scene.random.chance(0.5)) {
    return { mood: "question", core: object.replace(/^what I have to do/, "what do I have to do").replace(/^what I have on/, "what do I have on").replace(/^what I've/, "what have I") };
  }
  if (scene.random.chance(0.25)) return { mood: "question", core: scene.word(isClause ? ["do you know {o}", "can you tell me {o}"] : [/^(every|any)/.test(object) ? "can you show {o}" : "what are {o}", "can I see {o}", "could I get {o}", "do you have {o}"], { o: object }) };
  return { mood: "imperative", core: scene.word(["show me {o}", "list {o}", "tell me {o}", "give me {o}", "read out {o}", "pull up {o}"], { o: object }) };
}

function show(scene: Scene, query: Query): string {
  const { random } = scene;
  const { rows, label } = query;
  const form = random.weighted({ numbered: 3, bullets: 3, inline: 4 });
  const isDue = label.startsWith("due ") && !label.endsWith("week");
  const items = rows.map((row) => {
    const details: string[] = [];
    if (row.isDone === true) details.push(random.pick([`completed ${scene.date(row.due)}`, `done ${scene.date(row.due)}`]));
    else if (!isDue) details.push(`due ${scene.date(row.due)}`);
    if (random.chance(0.5) && !label.endsWith("priority") && row.isDone !== true) details.push(`${row.priority} priority`);
    return details.length === 0 ? scene.quote(row.task.title) : `${scene.quote(row.task.title)} (${details.join(", ")})`;
  });
  const noun = rows.length === 1 ? "task" : "tasks";
  const headline = label.startsWith("due ") || label.startsWith("about ") ? `${rows.length} ${noun} ${label}` : `${rows.length} ${label} ${noun}`;
  const intro = scene.word(["You have {h}:", "{h}:", "Here {are} {h}:", "I found {h}:", "There {are} {h}:", "{h} on your list:"], { h: headline, are: rows.length === 1 ? "is" : "are" });
  const tail = scene.offer("Want to change one of them?", "Shall I mark any as done?", "Which one first?");
  if (form === "inline" && items.length <= 3) {
    const joined = items.length === 1 ? (items[0] ?? "") : `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
    return `${upper(intro)} ${joined}.${tail}`;
  }
  const lines = items.map((item, i) => (form === "numbered" ? `${i + 1}. ${item}` : `- ${item}`));
  return `${upper(intro)}\n${lines.join("\n")}${tail === "" ? "" : `\n${tail.trim()}`}`;
}

function followUp(scene: Scene): void {
  const first = makeQuery(scene);
  scene.ask(first.speech);
  scene.answer(show(scene, first), first.stated);
  const row = scene.random.pick(first.rows);
  const title = scene.quote(row.task.title);
  if (scene.random.chance(0.5)) {
    scene.reply(`when exactly is ${row.task.object} due?`, `what's the date for ${row.task.gerund}?`, `which day is ${row.task.object} again?`);
    const weekday = WEEKDAYS[weekdayOf(row.due)] ?? "";
    return scene.answer(scene.word(["{t} is due {d}.", "{t}: {d}, a {w}.", "That one is due on {d}.", "{d} is the due date of {t}."], { t: title, d: scene.date(row.due), w: weekday }), [scene.statement("title", row.task.title, row.task.title)]);
  }
  const high = first.rows.filter((each) => each.priority === "high");
  scene.reply("which of them are high priority?", "only the urgent ones, please", "and which are high priority?", "filter those by high priority");
  if (high.length === 0) return scene.answer(scene.word(["None of them is high priority.", "No high priority among these.", "Not one of those has high priority."]), []);
  const names = high.map((each) => scene.quote(each.task.title));
  const joined = names.length === 1 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
  scene.answer(scene.word(["High priority: {j}.", "{j} {v} high priority.", "That leaves {j}.", "Only {j}."], { j: joined, v: names.length === 1 ? "has" : "have" }), [scene.statement("priority", "high", "high")]);
}

function outOfScope(scene: Scene): void {
  const { random } = scene;
  const query = makeQuery(scene);
  scene.ask(query.speech);
  scene.answer(show(scene, query), query.stated);
  scene.reply(
    "can you also check my email?", "and what's in my calendar?", "can you text them to my sister?", "could you do the first one for me?", "play some music while I work",
    "what's the weather then?", "book me a taxi as well", "post the list on Slack", "can you print it?",
  );
  const idea = addDays(scene.today, random.integer(1, 6));
  scene.answer(scene.word([
    "That's beyond me: I can create, update, complete, delete and list tasks.", "I only manage tasks, so I can't do that. Shall I add it as a task instead?", "I can't, sorry. I could make it a task due {d}, though.",
    "Not something the Task API offers. I can put it on your list if you like.", "I work with your task list only. Want a reminder for it?", "Sorry, that's outside what I can do. A new task for it is possible.",
  ], { d: scene.date(idea) }));
}
