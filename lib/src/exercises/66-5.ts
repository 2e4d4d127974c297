/** The exercises of lesson 66.5, "Agentic Evaluation". */
import type { Exercise } from "../course/check.js";
import { functionAnswer } from "./kinds/function.js";

/** Whether the calls that were found are the wanted ones, in any order. Each call is written as one text: `delete_task milk`. */
export type SameCalls = (found: readonly string[], wanted: readonly string[]) => boolean;

const PAIRS: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["delete milk", "close bread"], ["close bread", "delete milk"]], [["delete milk", "delete milk"], ["delete milk", "close bread"]], [["delete milk"], ["delete milk", "close bread"]],
  [["delete milk", "close bread", "delete milk"], ["delete milk", "close bread"]], [["delete milk", "close bread", "close bread"], ["delete milk", "delete milk", "close bread"]], [[], []], [["list"], []],
  [["close tea", "close tea"], ["close tea", "close tea"]], [["a", "b", "c"], ["c", "a", "b"]], [["a", "b"], ["a", "c"]],
];
const without = (all: readonly string[], one: string): string[] => all.filter((_, at) => at !== all.indexOf(one));
const sameCalls: SameCalls = (found, wanted) => found.length === wanted.length && wanted.reduce<readonly string[]>((left, call) => without(left, call), found).length === 0;

export const anyOrder: Exercise<SameCalls> = {
  id: "66.5/any-order",
  hints: [
    "Two lists that hold the same calls, each as often. What do you get if you put both in alphabetical order?",
    "`includes` asks whether a call is there, not how often: [delete milk, delete milk] has nothing that [delete milk, close bread] has not. Strike out each call that you have matched.",
    "Copy both lists ([...found]), sort the copies, compare lengths and then each place. Sorting the arguments themselves would change the lists of the caller.",
  ],
  ...functionAnswer<SameCalls>({
    cases: PAIRS.map(([found, wanted]) => ({ given: [found, wanted], name: `[${found.join(", ")}] found where [${wanted.join(", ")}] is wanted` })),
    right: sameCalls,
    mistakes: [
      { name: "order counts", gives: (found, wanted) => found.length === wanted.length && found.every((call, at) => call === wanted[at]), message: "You compare place by place. Calls of one turn do not depend on each other, and no order among them is wrong." },
      { name: "found among wanted", gives: [(found, wanted) => found.length === wanted.length && found.every((call) => wanted.includes(call)), (found, wanted) => found.every((call) => wanted.includes(call))], message: "You ask whether each found call is wanted. A model that deletes the milk twice passes, although the bread was to be closed. A call that is matched is used up." },
      { name: "wanted among found", gives: (found, wanted) => wanted.every((call) => found.includes(call)), message: "You ask whether all wanted calls are there, and never look at the others. A model that calls everything it has would be right." },
      {
        name: "sets",
        gives: [
          (found, wanted) => new Set(found).size === new Set(wanted).size && found.every((call) => wanted.includes(call)),
          (found, wanted) => found.length === wanted.length && new Set(found).size === new Set(wanted).size && found.every((call) => wanted.includes(call)),
        ],
        message: "You compare sets, and a set forgets how often. One call twice is not the same as once: the second one changes something else, or fails.",
      },
    ],
  }),
  because: "Parallel calls are a multiset: any order, each as often as it is wanted. That is the leaderboard's rule too; it strikes out the first call that fits.",
};

/** A turn that answers a user: whether a call was due, and whether one was made. */
export interface JudgedTurn {
  due: boolean;
  called: boolean;
}
export interface PrecisionRecall {
  precision: number;
  recall: number;
}
/** Precision and recall of "no call": shares from 0 to 1. */
export type NoCallScore = (turns: readonly JudgedTurn[]) => PrecisionRecall;

const turns = (counts: readonly [dueCalled: number, dueSilent: number, idleCalled: number, idleSilent: number]): JudgedTurn[] =>
  counts.flatMap((count, at) => Array.from({ length: count }, (): JudgedTurn => ({ due: at < 2, called: at % 2 === 0 })));
const TURNS = [turns([90, 10, 4, 16]), turns([50, 0, 25, 25]), turns([30, 20, 0, 50]), turns([7, 3, 2, 1])];
const share = (all: readonly JudgedTurn[], among: (turn: JudgedTurn) => boolean, hit: (turn: JudgedTurn) => boolean): number => {
  const of = all.filter(among);
  return of.filter(hit).length / of.length;
};
const silent = ({ called }: JudgedTurn): boolean => !called;
const idle = ({ due }: JudgedTurn): boolean => !due;
const scoreNoCall: NoCallScore = (all) => ({ precision: share(all, silent, idle), recall: share(all, idle, silent) });

export const noCallScore: Exercise<NoCallScore> = {
  id: "66.5/no-call",
  hints: [
    'What is found here is "no call". Which turns did the model leave without one, and which should it have left so? Count both.',
    "Precision looks at what the model did: of the turns without a call, those in which none was due. Recall looks at what was due: of the turns that needed none, those without one.",
    "Two filters for each share: turns.filter(({ called }) => !called) for the one, turns.filter(({ due }) => !due) for the other; the hits are the same turns.",
  ],
  ...functionAnswer<NoCallScore>({
    cases: TURNS.map((all) => ({ given: [all], name: `${all.length} turns, ${all.filter(idle).length} without a call due, ${all.filter(silent).length} without a call made` })),
    right: scoreNoCall,
    say: (value) => {
      const { precision, recall } = (value ?? {}) as Partial<PrecisionRecall>;
      return `precision ${Number(precision).toFixed(3)}, recall ${Number(recall).toFixed(3)}`;
    },
    mistakes: [
      { name: "swapped", gives: (all) => { const { precision, recall } = scoreNoCall(all); return { precision: recall, recall: precision }; }, message: "Precision and recall are exchanged. Precision divides by what the model did, recall by what was due." },
      { name: "calls instead", gives: (all) => ({ precision: share(all, ({ called }) => called, ({ due }) => due), recall: share(all, ({ due }) => due, ({ called }) => called) }), message: "These are precision and recall of calls. Asked is the other side: a turn is found when the model leaves it without a call." },
      {
        name: "of all turns",
        gives: (all) => { const both = share(all, () => true, (turn) => idle(turn) && silent(turn)); return { precision: both, recall: both }; },
        message: "You divide by all turns. Precision divides by the turns that the model left without a call, recall by those that needed none.",
      },
      { name: "accuracy", gives: (all) => { const right = share(all, () => true, ({ due, called }) => due === called); return { precision: right, recall: right }; }, message: "That is the share of turns decided rightly. It hides the rarer kind: with one turn in ten that needs no call, a model that always calls is right nine times in ten." },
    ],
  }),
  because: "Low precision means that users are talked to where something should have been done; low recall, that something is done which nobody asked for. One number cannot say both.",
};
