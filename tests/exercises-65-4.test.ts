import { todo } from "llmops/course";
import { chooseTrialExercise, withPersonaExercise, type ChooseTrial, type PersonaTrial, type Turn, type WithPersona } from "llmops/exercises/65-4";
import { testExercise } from "./support/exercise.ts";

const others = (turns: readonly Turn[]) => turns.filter(({ role }) => role !== "system");
const first = (system: string): Turn => ({ role: "system", content: system });

testExercise<WithPersona>(withPersonaExercise, (turns, system) => [first(system), ...others(turns)], () => todo(), [(_, system) => [first(system)], /your function gives/], {
  "two system turns": (turns, system) => [first(system), ...turns],
  "only where none is": (turns, system) => (turns.some(({ role }) => role === "system") ? [...turns] : [first(system), ...turns]),
  "in the request": (turns, system) => others(turns).map((turn, at) => (at === 0 ? { ...turn, content: `${system} ${turn.content}` } : turn)),
  "at the end": (turns, system) => [...others(turns), first(system)],
  "before every request": (turns, system) => others(turns).flatMap((turn) => (turn.role === "user" ? [first(system), turn] : [turn])),
});

const pick = (trials: readonly PersonaTrial[], by: (a: PersonaTrial, b: PersonaTrial) => number) => [...trials].sort(by)[0]?.name;
const style = (a: PersonaTrial, b: PersonaTrial) => b.adherence - a.adherence || a.steps - b.steps;
const kept = (trials: readonly PersonaTrial[], base: number) => trials.filter(({ task }) => task >= base - 0.02);

testExercise<ChooseTrial>(chooseTrialExercise, (trials, base) => pick(kept(trials, base), style), () => todo(), [() => "usual", /your function gives usual|your function gives "usual"/], {
  "style alone": (trials) => pick(trials, style),
  "the lowest loss": (trials) => pick(trials, (a, b) => a.loss - b.loss),
  "task alone": (trials, base) => pick(kept(trials, base), (a, b) => b.task - a.task || a.steps - b.steps),
  "percent of the base": (trials, base) => pick(trials.filter(({ task }) => task >= base * 0.98), style),
  "the longest of equals": (trials, base) => pick(kept(trials, base), (a, b) => b.adherence - a.adherence || b.steps - a.steps),
  "a run at any price": (trials, base) => pick(kept(trials, base), style) ?? pick(trials, style),
});
