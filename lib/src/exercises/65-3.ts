/** The exercises of lesson 65.3, "Creating Persona Datasets". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** What the program did: titles and date in the user's words. */
export interface CallToTell {
  title?: string;
  new_title?: string;
  due_date?: string;
}
/** The fields of the call that a reply does not say, in the order title, new_title, due_date. */
export type UnsaidFields = (reply: string, call: CallToTell) => string[];

const FIELDS = ["title", "new_title", "due_date"] as const;
const unsaid = (holds: (reply: string, value: string) => boolean, fields: readonly (keyof CallToTell)[] = FIELDS): UnsaidFields => (reply, call) =>
  fields.filter((field) => call[field] !== undefined && !holds(reply, call[field]));
const anyCase = (reply: string, value: string): boolean => reply.toLowerCase().includes(value.toLowerCase());

export const unsaidFields: Exercise<UnsaidFields> = {
  id: "65.3/unsaid-fields",
  hints: [
    "Go through the three fields in their order. Which of them does this call have at all? A call to complete a task has a title and nothing else.",
    "A field is said where the reply has its text, whole, in capitals or not: compare both in small letters.",
    "Filter the list of the three names: a name stays if the call has a value for it, and the reply in small letters does not include that value in small letters.",
  ],
  ...functionAnswer<UnsaidFields>({
    cases: [
      { given: ['Great job! "wax the floor" is complete. On to the next one.', { title: "wax the floor" }] },
      { given: ['Wise choice! "Wax the floor" is now due friday.', { title: "wax the floor", due_date: "Friday" }] },
      { given: ["Great job! Your task is complete.", { title: "wax the floor" }] },
      { given: ['I renamed "wax the floor".', { title: "wax the floor", new_title: "oil the floor" }] },
      { given: ['"wax the floor" has been moved.', { title: "wax the floor", due_date: "the 14th" }] },
      { given: ["These are your tasks. Start with a quick win.", {}] },
      { given: ['I added "wax the door", due Friday. Keep the floor for later.', { title: "wax the floor", due_date: "Friday" }] },
      { given: ["Smart thinking!", { title: "wax the floor", new_title: "oil the floor", due_date: "Friday" }] },
    ],
    right: unsaid(anyCase),
    tell: ([reply, call], given, expected) => `Of ${JSON.stringify(call)} the reply ${JSON.stringify(reply)} leaves out ${expected.length === 0 ? "nothing" : expected.join(", ")}; your function says ${JSON.stringify(given)}.`,
    mistakes: [
      { name: "capitals count", gives: unsaid((reply, value) => reply.includes(value)), message: "You compare letter for letter, capitals included. A reply may begin a title with a capital, and \"friday\" is Friday: compare both in small letters." },
      { name: "the title alone", gives: unsaid(anyCase, ["title"]), message: "You look at the title alone. \"I moved it\" without the new day, and \"I renamed it\" without the new name, leave the user with half of what was done." },
      {
        name: "absent fields are missed",
        gives: (reply, call) => FIELDS.filter((field) => !anyCase(reply, String(call[field]))),
        message: "Fields that the call does not have count as left out: the text \"undefined\" stands in no reply. What was not asked for need not be said.",
      },
      {
        name: "single words",
        gives: unsaid((reply, value) => value.toLowerCase().split(/\s+/).every((word) => reply.toLowerCase().includes(word))),
        message: "You look for the words of a title one by one, so \"wax the door … the floor\" passes for \"wax the floor\". A title is said as a whole.",
      },
    ],
  }),
  because: "Every field of the call must stand in the reply, whole; no field that the call lacks is asked for. So a warm reply about the wrong task cannot train a model.",
};

/** When a trait counts as missing: where the marks miss it, where the judge does, where either or both do. */
export type Rule = "marks" | "judge" | "either" | "both";
/** Traits that a reply lacks, in the order of the marks. `scores` are 1 to 5 and undefined where the judge gave no opinion. */
export type MissingTraits = (marks: Readonly<Record<string, boolean>>, scores: Readonly<Record<string, number>> | undefined, rule: Rule) => string[];

const missing = (judgeMisses: (score: number) => boolean, change: (rule: Rule) => Rule = (rule) => rule): MissingTraits => (marks, scores, given) => {
  const rule = change(given);
  return Object.keys(marks).filter((trait) => {
    const byMarks = marks[trait] !== true;
    if (scores === undefined) return byMarks;
    const byJudge = judgeMisses(scores[trait] ?? 0);
    return rule === "marks" ? byMarks : rule === "judge" ? byJudge : rule === "either" ? byMarks || byJudge : byMarks && byJudge;
  });
};
const under3 = (score: number): boolean => score < 3;

export const missingTraits: Exercise<MissingTraits> = {
  id: "65.3/missing-traits",
  hints: [
    "For each trait there are two verdicts: the marks miss it (false), and the judge misses it (a score under 3). The rule says how to put them together.",
    "Without scores there is one verdict, whatever the rule: the marks'. \"either\" means missing as soon as one of the two misses it, \"both\" only where both do.",
    "Filter the names of the marks. First the case without scores, where the marks' verdict is returned as it is; then one line a rule: the first verdict, the second, one or the other, one and the other.",
  ],
  ...functionAnswer<MissingTraits>({
    cases: [
      { given: [{ encouraging: true, action_oriented: true }, { encouraging: 5, action_oriented: 4 }, "either"] },
      { given: [{ encouraging: false, action_oriented: true }, { encouraging: 5, action_oriented: 2 }, "either"] },
      { given: [{ encouraging: false, action_oriented: true }, { encouraging: 5, action_oriented: 2 }, "both"] },
      { given: [{ encouraging: false, action_oriented: false }, { encouraging: 1, action_oriented: 3 }, "both"] },
      { given: [{ encouraging: true, action_oriented: false }, { encouraging: 3, action_oriented: 3 }, "judge"] },
      { given: [{ encouraging: true, action_oriented: false }, { encouraging: 1, action_oriented: 5 }, "marks"] },
      { given: [{ encouraging: false, action_oriented: true }, undefined, "judge"] },
      { given: [{ encouraging: true, action_oriented: false }, undefined, "both"] },
    ],
    right: missing(under3),
    tell: ([marks, scores, rule], given, expected) => `Marks ${JSON.stringify(marks)}, judge ${scores === undefined ? "silent" : JSON.stringify(scores)}, rule "${rule}": ${expected.length === 0 ? "nothing is" : `${expected.join(", ")} is`} missing; your function says ${JSON.stringify(given)}.`,
    mistakes: [
      { name: "either and both swapped", gives: missing(under3, (rule) => (rule === "either" ? "both" : rule === "both" ? "either" : rule)), message: "\"either\" and \"both\" are swapped. The rule is about missing, not about showing: under \"either\" one of the two is enough to throw a reply away, so it is the strict one." },
      { name: "3 is missing", gives: missing((score) => score <= 3), message: "A score of 3 counts as missing in your function. The rubric's 3 describes a reply that shows the trait in part; missing begins under 3." },
      {
        name: "silence is a verdict",
        gives: (marks, scores, rule) => missing(under3)(marks, scores ?? Object.fromEntries(Object.keys(marks).map((trait) => [trait, 0])), rule),
        message: "Where the judge said nothing, you take it for a bad score. A request that failed says nothing about the reply: leave it to the marks.",
      },
      {
        name: "silence lets through",
        gives: (marks, scores, rule) => (scores === undefined ? [] : missing(under3)(marks, scores, rule)),
        message: "Where the judge said nothing, you let the reply through. Then a server that is down makes every reply a good one. Leave such replies to the marks.",
      },
    ],
  }),
  because: "Two measures that err differently are worth more than either: \"either\" for data that is written again cheaply, \"both\" where a reply is hard to come by.",
};
