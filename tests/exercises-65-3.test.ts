import { todo } from "llmops/course";
import { missingTraits, unsaidFields, type CallToTell, type MissingTraits, type Rule, type UnsaidFields } from "llmops/exercises/65-3";
import { testExercise } from "./support/exercise.ts";

const FIELDS = ["title", "new_title", "due_date"] as const;
const has = (reply: string, value: string | undefined) => value === undefined || reply.toLowerCase().includes(value.toLowerCase());
const right: UnsaidFields = (reply, call) => FIELDS.filter((field) => !has(reply, call[field]));
const words = (reply: string, call: CallToTell) => FIELDS.filter((field) => call[field]?.toLowerCase().split(" ").some((word) => !has(reply, word)));

testExercise<UnsaidFields>(unsaidFields, right, () => todo(), [(reply, call) => [...right(reply, call), "priority"], /leaves out nothing; your function says \["priority"\]/], {
  "capitals count": (reply, call) => FIELDS.filter((field) => call[field] !== undefined && !reply.includes(call[field])),
  "the title alone": (reply, { title }) => (has(reply, title) ? [] : ["title"]),
  "absent fields are missed": (reply, call) => FIELDS.filter((field) => !has(reply, String(call[field]))),
  "single words": words,
});

const missing = (swap = false, least = 3, silent?: number): MissingTraits => (marks, scores, rule) => Object.keys(marks).filter((trait) => {
  const byMarks = !marks[trait], score = scores?.[trait] ?? silent;
  if (score === undefined) return byMarks;
  const byJudge = score < least, either = byMarks || byJudge, both = byMarks && byJudge;
  return ({ marks: byMarks, judge: byJudge, either: swap ? both : either, both: swap ? either : both } satisfies Record<Rule, boolean>)[rule];
});

testExercise<MissingTraits>(missingTraits, missing(), () => todo(), [() => ["warmth"], /nothing is missing; your function says \["warmth"\]/], {
  "either and both swapped": missing(true),
  "3 is missing": missing(false, 4),
  "silence is a verdict": missing(false, 3, 0),
  "silence lets through": (marks, scores, rule) => (scores ? missing()(marks, scores, rule) : []),
});
