/** What the simulator says to show a trait. A trait is known by its id; `{t}` is the quoted title, `{d}` the date, `{p}` the priority, `{n}` the new title. */

/** What a reply is about, finer than the situation: an update has four forms, and what is missing may be the title or the task. */
export const FORMS = ["create", "move", "rank", "rename", "both", "complete", "delete", "list", "unclear-new", "unclear-which", "thanks", "outside", "upset"] as const;
export type Form = (typeof FORMS)[number];

/** Phrases by form; those under a family (`update`, `task`, `edge`) hold for all of its forms, `any` for all. */
export type Phrases = Partial<Readonly<Record<Form | "update" | "task" | "edge" | "any", readonly string[]>>>;

/** How a trait shows: before the confirmation, in place of the plain one, between, or at the end. */
export interface TraitPhrases {
  opening?: Phrases;
  core?: Phrases;
  middle?: Phrases;
  close?: Phrases;
}

/** Phrases for a form: those of the form itself, of its family, and of all. */
export function phrasesFor(phrases: Phrases | undefined, form: Form): readonly string[] {
  if (phrases === undefined) return [];
  const isUpdate = form === "move" || form === "rank" || form === "rename" || form === "both";
  const isTask = isUpdate || form === "create" || form === "complete" || form === "delete" || form === "list";
  return [...(phrases[form] ?? []), ...(isUpdate ? (phrases.update ?? []) : []), ...(isTask ? (phrases.task ?? []) : (phrases.edge ?? [])), ...(phrases.any ?? [])];
}

const lines = (text: string): string[] => text.split("|");

/** Nothing but what was done: what every assistant says. */
export const PLAIN: Phrases = {
  create: lines("I've added {t} to your list{due}{pri}.|I created the task {t}{due}{pri}.|Your new task is {t}{due}{pri}.|Added: {t}{due}{pri}.|{t} is on your list now{due}{pri}.|I made a new task called {t}{due}{pri}.|The task {t} has been created{due}{pri}.|Created {t}{due}{pri}."),
  move: lines("I've moved {t} to {d}.|{t} is now due {d}.|I updated {t}: it is due {d} now.|I changed the due date of {t} to {d}.|Updated. {t} has been rescheduled to {d}.|The new due date of {t} is {d}.|I rescheduled {t}; the new date is {d}."),
  rank: lines("I've set {t} to {p} priority.|{t} has {p} priority now.|I updated {t}: its priority is {p}.|I changed the priority of {t} to {p}.|The priority of {t} is now {p}.|Updated. {t} is marked as {p} priority."),
  rename: lines("I've renamed {t} to {n}.|{t} is now called {n}.|I changed the title from {t} to {n}.|Updated. {t} has been renamed {n}.|The new title of {t} is {n}."),
  both: lines("I've updated {t}: due {d}, {p} priority.|{t} is now due {d} with {p} priority.|I changed {t}. New due date: {d}. New priority: {p}."),
  complete: lines("I've marked {t} as complete.|{t} is completed.|I've completed {t}.|{t} has been marked as done.|{t} is checked off.|I closed {t}.|I marked {t} as done.|Completed: {t}."),
  delete: lines("I've deleted {t}.|{t} has been deleted.|I removed {t} from your list.|Deleted: {t}.|I deleted {t}. It's off your list.|{t} has been removed.|The task {t} was deleted."),
  list: lines("Here are your {w}tasks{due}.|I'm showing your {w}tasks{due}.|Here is the list of your {w}tasks{due}.|These are your {w}tasks{due}.|Listing your {w}tasks{due}."),
  "unclear-new": lines("What should the task be called?|What is the task?|Which title shall I give it?|I need a title for the new task."),
  "unclear-which": lines("Which task do you mean?|Which task is it?|Please tell me the task's title.|I need to know which task you mean."),
  thanks: lines("You're welcome.|Glad to help.|Any time.|My pleasure."),
  outside: lines("I only look after your tasks.|That is outside what I do: I look after tasks.|I can't help with that. I manage tasks.|I know nothing about that, only about your tasks."),
  upset: lines("I'm sorry about that. Tell me which task went wrong.|I understand. Tell me the task, and I'll put it right.|I'm sorry. Which task shall I look at?"),
};

export const TRAITS: Readonly<Record<string, TraitPhrases>> = {
  plain: {},
  encouraging: {
    opening: {
      create: lines("Great move!|Smart thinking!|Love the initiative!|Excellent choice!|Strong start!|Great, that's one more thing under control!|Way to stay on top of things!|You're building momentum!|Good thinking, out of your head and onto the list!|Fantastic, you're taking charge!|Nice one!|Great to see you planning this!|Love it!"),
      update: lines("Smart adjustment!|Good call!|Nice planning!|Great, staying flexible keeps you strong!|Wise choice!|Great focus!|You've got this under control!|Good thinking!|Love how you keep things current!|Excellent, that's how pros do it!|Great call!"),
      complete: lines("Great job!|Well done!|Fantastic work!|You did it!|Another win for you!|Brilliant, that's real progress!|You're on a roll!|Excellent work!|Way to finish strong!|Superb, your hard work pays off!|Bravo!|Amazing effort!|That's a win!"),
      delete: lines("Good call, a clear list is a clear head!|Nice clean-up!|Great, less clutter means more focus!|Smart, letting go is progress too!|Great decision!|Good thinking, keep what matters!|Excellent, that frees you up!|Wise choice!|Love a tidy list!"),
      list: lines("Great habit!|Love that you're checking in!|Smart, knowing what's ahead is half the work!|You're making great progress!|Good thinking!|Excellent way to get going!|Nice, let's look at it together!|Great, you're in charge!"),
      "unclear-new": lines("Great, let's do it!|Love the energy!|Good start!|Nice, I'm ready when you are!"),
      "unclear-which": lines("Great, we're nearly there!|Good thinking!|Happy to help you move on!|Nice, one detail to go!"),
      thanks: lines("You're doing great!|You did the hard part!|Great teamwork!|Love working with you!|You're making great progress!"),
      outside: lines("Great question!|Love your curiosity!|Good thinking!|Nice idea!"),
      upset: lines("You've got this, even on a rough day!|Hang in there, you're doing better than it feels!|Tough moments happen to the best!|I believe in you!"),
    },
  },
  action_oriented: {
    close: {
      create: lines("Next step: do the first two minutes of it.|Tip: block a time for it right now.|Now pick the very first action.|Start small, then keep going.|Next, put fifteen minutes for it in your calendar.|Here's a tip to work smarter: begin with the smallest step."),
      update: lines("Next step: line up what you need for it.|Now focus on today's top item.|Tip: put a reminder the evening before.|Next, protect that time.|Now go for the next quick win."),
      complete: lines("Next step: take a breath, then pick the next one.|Ride that momentum into the next task.|Now choose your next win.|Tip: celebrate for a minute, then go on.|Next, tackle the one you've been avoiding.|On to the next one."),
      delete: lines("Now put that energy into what matters.|Next step: pick your top task.|Tip: clear the list like this every week.|Next, focus on the one that counts.|Use the free time for your next win."),
      list: lines("Next step: pick one and begin.|Tip: start with the hardest.|Now choose the one that moves you most.|Start with a quick win.|Next, pick your top three."),
      "unclear-new": lines("Tell me and let's get this done.|Give me the title and we start right away.|Next step: name it."),
      "unclear-which": lines("Tell me and let's get this done.|Next step: name it.|Give me the title and we move on."),
      thanks: lines("Now on to the next one.|Next step: pick your next win.|Keep that momentum going."),
      outside: lines("Next step: tell me which task to tackle.|Let's focus on your next task.|Now pick a task and let's go."),
      upset: lines("Next step: one small task, then the next.|Let's take it one step at a time.|Start with five minutes."),
      task: lines("Let's get this done.|Let's keep the momentum going.|Keep going, one step at a time.|Small steps, starting now."),
    },
  },
  precise: {
    core: {
      create: lines("Created: {t}.{Due}{Pri}|Entry created. Title: {t}.{Due}{Pri}|New record: {t}.{Due}{Pri}|Record added: {t}.{Due}{Pri}|Task created. Title: {t}.{Due}{Pri} Status: open.|Added to the record: {t}.{Due}{Pri}"),
      move: lines("Updated: {t}. Due: {d}.|Record updated. Title: {t}. Due: {d}.|Change recorded: {t}. New due date: {d}.|Updated record: {t}. Field: due date. Value: {d}."),
      rank: lines("Updated: {t}. Priority: {p}.|Record updated. Title: {t}. Priority: {p}.|Change recorded: {t}. New priority: {p}.|Updated record: {t}. Field: priority. Value: {p}."),
      rename: lines("Updated: {t}. New title: {n}.|Record renamed. Old title: {t}. New title: {n}.|Change recorded: {t}. New title: {n}."),
      both: lines("Updated: {t}. Due: {d}. Priority: {p}.|Record updated. Title: {t}. Due: {d}. Priority: {p}."),
      complete: lines("Completed: {t}. Status: done.|Record closed: {t}. Status: done.|Status updated to complete. Title: {t}. Status: done.|Task completed. Title: {t}. Status: done.|Status of {t}: complete."),
      delete: lines("Deleted: {t}.|Record deleted: {t}.|Entry removed. Title: {t}. Status: deleted.|Record removed: {t}. Status: deleted.|Deleted entry: {t}."),
      list: lines("Report: list of your {w}tasks{due}.|Listing the record of your {w}tasks{due}.|Query result: your {w}tasks{due}.|Report on your {w}tasks{due}."),
      "unclear-new": lines("Missing field: title.|Record incomplete. Missing: title.|Title: not given."),
      "unclear-which": lines("Missing field: title of the task.|Record not identified. Missing: title.|Title: not given."),
      thanks: lines("Noted. Status: all requests handled.|Acknowledged for the record.|Noted for the record."),
      outside: lines("Out of scope: the record covers tasks.|Scope: tasks. This request is outside of it.|No record on this topic. Scope: tasks."),
      upset: lines("Noted: a problem. Missing: the title of the task.|Problem recorded. Missing field: title.|Issue noted for the record."),
    },
  },
  evidence: {
    close: {
      create: lines("1 task added, {f} set.|Records added: 1. Fields: {c}.|Count: 1 new task, {f}.|1 new entry with {f}."),
      move: lines("1 field changed.|Fields changed: 1.|Count of changes: 1.|1 change, all other fields as before."),
      rank: lines("1 field changed.|Fields changed: 1.|Count of changes: 1.|1 change, all other fields as before."),
      rename: lines("1 field changed.|Fields changed: 1.|1 change, all other fields as before."),
      both: lines("2 fields changed.|Fields changed: 2.|Count of changes: 2."),
      complete: lines("1 task closed.|Closed in this step: 1.|Count: 1 task done.|1 status changed."),
      delete: lines("1 entry removed.|Records removed: 1.|Count: 1 task fewer."),
      list: lines("Filters applied: {c}.|Number of filters: {c}.|The report uses {g}."),
      "unclear-new": lines("1 field needed.|Fields missing: 1.|0 tasks created so far."),
      "unclear-which": lines("1 field needed.|Fields missing: 1.|0 tasks changed so far."),
      thanks: lines("Open questions: 0.|0 changes in this step."),
      outside: lines("0 changes made.|Tasks affected: 0."),
      upset: lines("Name 1 task to begin with.|0 changes made so far.|Fields needed: 1."),
    },
  },
  // Shows by what is left out: no exclamation, no praise.
  measured: {},
  forward_looking: {
    opening: {
      task: lines("Looking ahead:|For the plan ahead:|With the week in view:|Thinking ahead:|On the road ahead:|As part of the bigger plan:|Keeping the coming days in view:|Further along in the plan:|Ahead of time:|For the days ahead:"),
      complete: lines("That milestone is behind us:|The plan moves ahead:|One milestone fewer ahead:"),
      delete: lines("That clears the road ahead:|The plan gets lighter:"),
      edge: lines("Looking ahead:|For the plan ahead:|Before we plan on:|Thinking ahead:"),
    },
    core: {
      create: lines("I've added {t} to the plan{due}{pri}.|{t} is now a new task in the plan{due}{pri}.|I created {t} as part of the plan{due}{pri}."),
      thanks: lines("You're welcome, the plan is in good shape.|Glad to help the plan along."),
    },
  },
  structured: {
    middle: {
      create: lines("First the groundwork, then the task itself.|First block the time, then gather what you need.|Step one is the preparation.|First decide how long it takes, then fix the hour."),
      update: lines("First this change, then whatever depends on it.|Then the steps around it follow.|First the new frame, then the details.|The steps after it shift accordingly."),
      complete: lines("First this, then the next milestone.|Then comes the next step in line.|With this step behind you, the next one opens."),
      delete: lines("First we clear, then we order the rest.|Then the remaining steps move up.|The next step in line takes its place."),
      list: lines("First the fixed dates, then the rest.|First what others wait for, then your own.|Sort them into steps: first, second, later."),
      "unclear-new": lines("First the title, then the date.|Step one is its name."),
      "unclear-which": lines("First the title, then the change.|Step one is its name."),
      thanks: lines("First a pause, then the next step.|Then on to the next step."),
      outside: lines("First your tasks, then everything else.|One step at a time, and my steps are tasks."),
      upset: lines("First we find the problem, then we order the rest.|Step by step: first the most urgent task."),
    },
  },
  asks: {
    close: {
      create: lines("What has to be ready before it?|Which step comes first?|Who needs to know beforehand?|How much time should we set aside?|Does it depend on anything else?"),
      update: lines("Does anything else have to shift with it?|What depends on it?|Who should hear about the change?|Which other date does it touch?"),
      complete: lines("Which milestone comes next?|What does this make possible?|What should come next?"),
      delete: lines("What takes its place?|Does anything depend on it?|Which task moves up now?"),
      list: lines("Which one shapes your week?|Which of them depends on another?|What has to come first?"),
      "unclear-new": lines("What should it be called?|Which title shall I plan with?"),
      "unclear-which": lines("Which task do you mean?|Which title shall I look for?"),
      thanks: lines("What is next in the plan?|Which goal comes next?"),
      outside: lines("Which task shall we plan instead?|What is the next task to plan?"),
      upset: lines("Which task went wrong?|Which task should we sort out first?"),
    },
  },
};

/** What breaks a prohibition, by its id; said at the end of a reply. */
export const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  condescending: lines("Even you can manage that.|Obviously, it should have been done weeks ago.|As I already told you, it is easy.|Finally, you took your time."),
  emoji: lines("🎉🎉|💪|🚀 ✨|👍"),
  praise: lines("Great job!|You're amazing!|Well done, fantastic!"),
  guessing: lines("It will probably take about two hours.|I guess it is important.|Maybe it should be urgent."),
  pressure: lines("Hurry up, time is running out.|You must do it right now or fail.|No excuses."),
  chatter: lines("What a lovely day it is, by the way!|I could talk about lists for hours.|Fun fact: lists are older than paper."),
};

/** Said where a reply rambles. */
export const RAMBLING = "Let me tell you a little more about it, because there is so much that could be said about tasks, lists, days, weeks and everything that belongs to them, and since we have the time I would like to go through all of it, one thing after another, before we come back to what you asked.";
