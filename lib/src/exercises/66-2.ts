/** The exercises of lesson 66.2, "Tool-Calling Patterns". */
import type { Exercise } from "../course/check.js";
import type { Message, ToolCall } from "../data/example.js";
import { choiceAnswer } from "./kinds/choice.js";

/** An assistant's turn that calls tools. */
export interface CallingTurn {
  role: "assistant";
  content: null;
  tool_calls: ToolCall[];
}
/** Carries out one call; its result is any JSON value. */
export type RunCall = (call: { name: string; arguments: unknown }) => Promise<unknown>;
/** The tool messages that answer a turn. */
export type AnswerCalls = (turn: CallingTurn, run: RunCall) => Promise<Message[]>;

const call = (id: string, name: string, text: string): ToolCall => ({ id, type: "function", function: { name, arguments: text } });
const TURNS: readonly { name: string; turn: CallingTurn }[] = [
  { name: "one call", turn: { role: "assistant", content: null, tool_calls: [call("call_7", "complete_task", '{"title":"buy milk"}')] } },
  {
    name: "two calls at once",
    turn: { role: "assistant", content: null, tool_calls: [call("call_b", "create_task", '{"title":"call mum","due_date":"Friday"}'), call("call_a", "delete_task", '{"title":"old notes"}')] },
  },
  {
    name: "a call whose arguments are no JSON, and a good one",
    turn: { role: "assistant", content: null, tool_calls: [call("call_1", "create_task", '{"title": "call mum'), call("call_2", "list_tasks", "{}")] },
  },
];
const BROKEN = 2;

/** Stands for the Task API: says what it was given, later for the first of two calls than for the second. */
const run: RunCall = async ({ name, arguments: given }) => {
  if (name === "create_task") await new Promise((resolve) => setTimeout(resolve, 5));
  return { ran: name, with: given };
};
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
const BAD = { error: "bad_arguments" };
const resultOf = async ({ function: { name, arguments: text } }: ToolCall): Promise<unknown> => (parsed(text) === undefined ? BAD : run({ name, arguments: parsed(text) }));
const eachCall = (make: (one: ToolCall, at: number) => Promise<unknown>) => async (turn: CallingTurn): Promise<Message[]> => (await Promise.all(turn.tool_calls.map(make))) as Message[];
const right = eachCall(async (one) => ({ role: "tool", tool_call_id: one.id, content: JSON.stringify(await resultOf(one)) }));

/** The order of keys says nothing, nor what an error says beside its code; whatever else is there does. */
function plain(messages: unknown): string {
  if (!Array.isArray(messages)) return "no list";
  return JSON.stringify(messages.map((message: Message) => {
    const value = typeof message?.content === "string" ? parsed(message.content) as { error?: string } | undefined : undefined;
    const told = { ...message, content: value?.error === undefined ? message?.content : `error ${value.error}` };
    // OpenAI's API takes a tool's name beside the id, and needs none.
    return Object.entries(told).filter(([key]) => key !== "name").sort(([a], [b]) => a.localeCompare(b));
  }));
}
const askedOf = async (answer: AnswerCalls, at: number): Promise<unknown> => answer(structuredClone((TURNS[at] as (typeof TURNS)[number]).turn), run);
/** Whether the answer does as the mistaken one does, on the turns at these places. */
const does = (mistaken: (turn: CallingTurn) => Promise<Message[]>, places: readonly number[] = [0, 1]) => async (answer: AnswerCalls): Promise<boolean> => {
  for (const at of places) if (plain(await askedOf(answer, at)) !== plain(await mistaken((TURNS[at] as (typeof TURNS)[number]).turn))) return false;
  return true;
};
const throws = async (answer: AnswerCalls, at: number): Promise<boolean> => askedOf(answer, at).then(() => false, () => true);

export const answerCallsExercise: Exercise<AnswerCalls> = {
  id: "66.2/answer-calls",
  kind: "function",
  hints: [
    "How many messages come back for two calls, and what ties each to its call?",
    "The arguments arrive as text and the result leaves as text: JSON.parse before run, JSON.stringify behind it. run is asynchronous.",
    'For each call: try JSON.parse; where it throws, the result is { error: "bad_arguments" }. Then { role: "tool", tool_call_id: the call\'s id, content: the result as JSON }.',
  ],
  fault: async (answer) => {
    for (const [at, { name, turn }] of TURNS.entries()) {
      let given: unknown;
      try {
        given = await askedOf(answer, at);
      } catch (error) {
        // A stub's own error goes on to the check.
        if (at !== BROKEN) throw error;
        return `For ${name} your function threw ${String(error)}.`;
      }
      if (!Array.isArray(given)) return "Return a list of messages.";
      const wanted = await right(turn);
      if (plain(given) !== plain(wanted)) return `For ${name} the messages are ${JSON.stringify(wanted)}; yours are ${JSON.stringify(given)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "first call only",
      matches: does(async (turn) => (await right(turn)).slice(0, 1)),
      message: "You answered the first call alone. A turn may hold several; a conversation in which a call has no result is refused by OpenAI's API, and teaches a model that calls may vanish.",
    },
    {
      name: "no id",
      matches: does(eachCall(async (one) => ({ role: "tool", content: JSON.stringify(await resultOf(one)) }))),
      message: "Your messages do not say which call they answer. With one call one can guess; with two, tool_call_id is the only tie.",
    },
    {
      name: "name for id",
      matches: does(eachCall(async (one) => ({ role: "tool", tool_call_id: one.function.name, content: JSON.stringify(await resultOf(one)) }))),
      message: "You wrote the tool's name as tool_call_id. Two calls of one tool would then have the same; the id is the call's own.",
    },
    {
      name: "arguments as text",
      matches: does(eachCall(async (one) => ({ role: "tool", tool_call_id: one.id, content: JSON.stringify(await run({ name: one.function.name, arguments: one.function.arguments })) }))),
      message: "You handed the arguments on as text. In OpenAI's form they are JSON in a string, since a model wrote them: parse them first, and be ready for what is no JSON.",
    },
    {
      name: "result as object",
      matches: does(eachCall(async (one) => ({ role: "tool", tool_call_id: one.id, content: await resultOf(one) }))),
      message: "Your content is an object. A message's content is text, for a model reads text: JSON.stringify the result.",
    },
    {
      name: "not awaited",
      matches: does(eachCall((one) => Promise.resolve({ role: "tool", tool_call_id: one.id, content: "{}" }))),
      message: "Every content is {}. run gives a promise, and a promise as JSON is an empty object: await it.",
    },
    {
      name: "wrong role",
      matches: async (answer) => {
        const given = await askedOf(answer, 0);
        return Array.isArray(given) && given.length === 1 && ["assistant", "user", "function"].includes((given[0] as Message).role);
      },
      message: "A result is said by the role tool. As assistant, the model would be trained to write results itself; as user, it would take them for requests.",
    },
    {
      name: "one message for all",
      matches: does(async (turn) => [{ role: "tool", tool_call_id: turn.tool_calls[0]?.id ?? "", content: JSON.stringify(await Promise.all(turn.tool_calls.map(resultOf))) }], [1]),
      message: "You put all results into one message. Each call has its own, with its own id.",
    },
    {
      name: "broken call ends all",
      matches: async (answer) => !(await throws(answer, 0)) && !(await throws(answer, 1)) && (await throws(answer, BROKEN)),
      message: 'One call that is no JSON made your function throw, and the good call beside it was lost. An error is a result too: answer that call with {"error":"bad_arguments"}, and the model can try again.',
    },
    {
      name: "broken call left out",
      matches: does(async (turn) => right({ ...turn, tool_calls: turn.tool_calls.filter((one) => parsed(one.function.arguments) !== undefined) }), [0, 1, BROKEN]),
      message: 'You left the broken call without an answer. Every call gets a message; this one\'s is {"error":"bad_arguments"}.',
    },
  ],
  because: "One message for each call, in the role of a tool, tied to its call by the id, its content text; and what went wrong is a result like any other, so that the model can read it and mend it.",
};

/** A row that is offered for training. The prompt names the tools and no date. */
export interface OfferedRow {
  says: string;
  messages: Message[];
}
const user = (content: string): Message => ({ role: "user", content });
const says = (content: string): Message => ({ role: "assistant", content });
const calls = (...all: [id: string, name: string, given: object][]): Message => ({ role: "assistant", content: null, tool_calls: all.map(([id, name, given]) => call(id, name, JSON.stringify(given))) });
const result = (id: string, value: object): Message => ({ role: "tool", tool_call_id: id, content: JSON.stringify(value) });
const task = (id: number, title: string, due: string | null = null, priority = "medium", status = "open") => ({ id, title, due_date: due, priority, status });

/** Rows as a teacher might write them; some teach something wrong. */
export const OFFERED_ROWS = {
  A: {
    says: "create, from a request without a priority",
    messages: [user("Create a task for reviewing the budget by Friday"), calls(["c1", "create_task", { title: "reviewing the budget", due_date: "Friday", priority: "high" }]), result("c1", task(9, "reviewing the budget", "2026-11-27", "high")), says("Added “reviewing the budget”, due 27 November, high priority.")],
  },
  B: {
    says: "a request without a title",
    messages: [user("Add a task for tomorrow"), says("What should it be called?"), user("water the plants"), calls(["c1", "create_task", { title: "water the plants", due_date: "tomorrow" }]), result("c1", task(9, "water the plants", "2026-11-22")), says("Added “water the plants”, due 22 November.")],
  },
  C: {
    says: "two tasks fit",
    messages: [user("Delete the dentist task"), calls(["c1", "delete_task", { title: "dentist" }]), result("c1", { error: "ambiguous", message: "2 tasks match “dentist”.", candidates: [task(1, "Book the dentist"), task(2, "The dentist bill")] }), calls(["c2", "delete_task", { title: "Book the dentist" }]), result("c2", { ...task(1, "Book the dentist"), deleted: true }), says("Deleted “Book the dentist”.")],
  },
  D: {
    says: "two calls at once",
    messages: [user("Finish buy milk and drop old notes"), calls(["c1", "complete_task", { title: "buy milk" }], ["c2", "delete_task", { title: "old notes" }]), result("c1", task(3, "buy milk", null, "medium", "done")), result("c2", { ...task(4, "old notes"), deleted: true }), says("“buy milk” is done, “old notes” is deleted.")],
  },
  E: {
    says: "no such task",
    messages: [user("Mark groceries as done"), calls(["c1", "complete_task", { title: "groceries" }]), result("c1", { error: "not_found", message: "There is no task “groceries”." }), says("Done, “groceries” is off your list.")],
  },
  F: {
    says: "a day as a date",
    messages: [user("Move the rent to Friday"), calls(["c1", "update_task", { title: "rent", due_date: "2026-11-27" }]), result("c1", task(5, "Pay rent", "2026-11-27")), says("“Pay rent” is now due on 27 November.")],
  },
  G: {
    says: "thanks",
    messages: [user("Thanks, that was all"), says("You are welcome.")],
  },
} as const satisfies Record<string, OfferedRow>;

export const rowsToDropExercise: Exercise<readonly (keyof typeof OFFERED_ROWS)[]> = {
  id: "66.2/rows-to-drop",
  ...choiceAnswer({
    options: {
      A: { says: OFFERED_ROWS.A.says, why: "Look at row A again. Nobody spoke of a priority, and the call says high. Train on such rows and the model invents arguments: the one mistake that looks fine in every log." },
      B: { says: OFFERED_ROWS.B.says, why: "Row B is good. Something that the tool needs was missing, so the assistant asked, and called when it knew. Without such rows a model makes a title up." },
      C: { says: OFFERED_ROWS.C.says, why: "Look at row C again. The result said that two tasks fit, and the assistant deleted one of them without asking. An ambiguous result is the user's to decide." },
      D: { says: OFFERED_ROWS.D.says, why: "Row D is good. Neither call needs what the other finds, so both stand in one turn; each result names its call by the id, and the answer says of each task what was done to it." },
      E: { says: OFFERED_ROWS.E.says, why: "Look at row E again. The tool said that there is no such task, and the assistant says that it is done. Trained on this, a model stops reading results." },
      F: { says: OFFERED_ROWS.F.says, why: "Look at row F again. The prompt names no date, so nobody could know that Friday is 27 November: the model learns to guess days. The words belong into the call, and the tool reads them." },
      G: { says: OFFERED_ROWS.G.says, why: "Row G is good. Where nothing is asked for, nothing is called. Without such rows a model calls a tool at every turn." },
    },
    right: ["A", "C", "E", "F"],
  }),
  hints: [
    "Compare each call with the user's words: what in it did nobody say?",
    "Then compare each answer with the result before it: does it say what the result says?",
    "Four rows teach something wrong: one invents, one guesses a day, one does not ask, one does not read.",
  ],
  because: "A invents an argument, C decides what the user should, E does not read its result, F knows a date that nobody told it. The rest show asking, calls at once, and leaving tools alone.",
};
