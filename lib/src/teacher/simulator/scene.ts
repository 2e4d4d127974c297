import type { Random } from "../random.js";
import type { Operation, Priority, Register } from "../task-api.js";
import { addDays, DATE_STYLES, sayFutureDate, writeDate, type DateMention, type DateStyle } from "./calendar.js";
import { makeNote, makeTask, type Task } from "./tasks.js";
import { reply, speak, type Speech } from "./voice.js";

/** One turn as ShareGPT writes it. */
export interface Turn {
  from: "human" | "gpt";
  value: string;
}

/** Something that the last assistant turn confirms, with the words it used: what a wrong answer would get wrong. */
export interface Statement {
  field: "title" | "due_date" | "priority";
  /** As written in the turn. */
  text: string;
  /** What it means: the title, YYYY-MM-DD, or the priority. */
  value: string;
}

/** A finished conversation, before any defect. */
export interface Draft {
  operation: Operation;
  scenario: string;
  turns: Turn[];
  /** What the last assistant turn confirms. */
  stated: Statement[];
  setting: string;
  dateStyle: DateStyle;
}

/** What a conversation is to show. */
export interface SceneSpec {
  operation: Operation;
  scenario: string;
  register: Register;
  setting: string;
}

const QUOTES = [["'", "'"], ['"', '"'], ["“", "”"], ["‘", "’"]] as const;

/** The stage on which an operation plays its scenario: one voice, one way of quoting and dating, a list of turns. */
export class Scene {
  readonly random: Random;
  readonly spec: SceneSpec;
  readonly today: string;
  readonly turns: Turn[] = [];
  readonly dateStyle: DateStyle;
  readonly #quotes: readonly [string, string];
  readonly #manner: "plain" | "warm" | "brief";
  #stated: Statement[] = [];

  constructor(random: Random, spec: SceneSpec, today: string) {
    this.random = random;
    this.spec = spec;
    this.today = today;
    this.dateStyle = random.pick(DATE_STYLES);
    this.#quotes = random.pick(QUOTES);
    this.#manner = random.pick(["plain", "warm", "brief"]);
  }

  /** The user speaks in the scene's register. */
  ask(speech: Speech): void {
    this.turns.push({ from: "human", value: speak(this.random, this.spec.register, speech) });
  }

  /** The user answers a question of the assistant. */
  reply(...choices: string[]): void {
    this.turns.push({ from: "human", value: reply(this.random, this.spec.register, this.random.pick(choices)) });
  }

  /** The assistant speaks; `stated` is what this turn confirms. */
  answer(text: string, stated: Statement[] = []): void {
    this.turns.push({ from: "gpt", value: text });
    this.#stated = stated;
  }

  /** One of several wordings, with `{slots}` filled. Throws when a slot has no value. */
  word(choices: readonly string[], slots: Readonly<Record<string, string>> = {}): string {
    return fill(this.random.pick(choices), slots);
  }

  /** A title in the assistant's quotation marks. */
  quote(title: string): string {
    return `${this.#quotes[0]}${title}${this.#quotes[1]}`;
  }

  /** A title in the user's: straight quotes, since people type them. */
  userQuote(title: string): string {
    return this.random.chance(0.5) ? `'${title}'` : `"${title}"`;
  }

  /** A day in the assistant's date style. */
  date(iso: string): string {
    return writeDate(iso, this.dateStyle);
  }

  task(): Task {
    return makeTask(this.random, this.spec.setting);
  }

  note(): string {
    return makeNote(this.random, this.spec.setting);
  }

  due(): DateMention {
    return sayFutureDate(this.random, this.today);
  }

  /** Some day around today, for tasks that were there before. */
  someDay(from = -5, to = 40): string {
    return addDays(this.today, this.random.integer(from, to));
  }

  priority(): Priority {
    return this.random.weighted({ high: 5, medium: 2, low: 3 });
  }

  /** An acknowledgement to begin an answer with; often none. Ends in a space when not empty. */
  acknowledge(): string {
    const choice = this.random.pick({
      brief: ["", "", "", "Done. ", "OK. "],
      plain: ["", "", "Done. ", "Okay. ", "Sure. ", "All right. ", "Understood. "],
      warm: ["Of course! ", "Sure thing. ", "Got it. ", "Happy to help. ", "No problem. ", "Absolutely. ", "All set! ", "Right away. ", "Sure! "],
    }[this.#manner]);
    return choice;
  }

  /** A closing offer; usually none. Begins with a space when not empty. */
  offer(...choices: string[]): string {
    const general = ["Anything else?", "Let me know if something changes.", "Is there anything else on your mind?", "What's next?"];
    const rate = { brief: 0.05, plain: 0.2, warm: 0.45 }[this.#manner];
    return this.random.chance(rate) ? ` ${this.random.pick([...choices, ...general])}` : "";
  }

  statement(field: Statement["field"], value: string, text: string): Statement {
    return { field, value, text };
  }

  finish(): Draft {
    const { operation, scenario, setting } = this.spec;
    return { operation, scenario, turns: this.turns, stated: this.#stated, setting, dateStyle: this.dateStyle };
  }
}

function fill(template: string, slots: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = slots[name];
    if (value === undefined) throw new Error(`the wording "${template}" needs a value for {${name}}`);
    return value;
  });
}
