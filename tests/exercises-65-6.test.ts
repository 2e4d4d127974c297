import { todo } from "llmops/course";
import { mixtureExercise, switchingExercise, type ConfusionTable, type Mixture, type ReadSwitching } from "llmops/exercises/65-6";
import { testExercise } from "./support/exercise.ts";

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const cell = (table: ConfusionTable, asked: string, found: string) => table[asked]?.[found] ?? 0;
const line = (table: ConfusionTable, persona: string) => sum(Object.values(table[persona]!));
const column = (table: ConfusionTable, persona: string) => sum(Object.keys(table).map((asked) => cell(table, asked, persona)));
const foreign = (table: ConfusionTable, persona: string) => sum(Object.keys(table).filter((other) => other !== persona).map((other) => cell(table, persona, other)));
const by = (below: (table: ConfusionTable, persona: string) => number): ReadSwitching => (table, persona) => ({ own: cell(table, persona, persona) / below(table, persona), leaked: foreign(table, persona) / below(table, persona) });

testExercise<ReadSwitching>(switchingExercise, by(line), () => todo(), [() => ({ own: 0.5, leaked: 0.5 }), /For "coach" your function gives/], {
  "divided by the column": (table, persona) => ({ own: cell(table, persona, persona) / column(table, persona), leaked: (column(table, persona) - cell(table, persona, persona)) / column(table, persona) }),
  "silence counted as leakage": (table, persona) => ({ own: cell(table, persona, persona) / line(table, persona), leaked: (line(table, persona) - cell(table, persona, persona)) / line(table, persona) }),
  "divided by what was recognised": by((table, persona) => cell(table, persona, persona) + foreign(table, persona)),
  counts: by(() => 1),
  "of all replies": by((table) => sum(Object.keys(table).map((persona) => line(table, persona)))),
});

testExercise<Mixture>(mixtureExercise, "prompt and voice", undefined, ["elsewhere" as Mixture, /is none of the options/], {
  "kinds of requests": "kinds of requests",
  "one prompt": "one prompt",
  "name in the answer": "name in the answer",
  blocks: "blocks",
});
