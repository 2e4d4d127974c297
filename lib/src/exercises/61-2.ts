/** The exercises of lesson 61.2, "The LLM Lifecycle". */
import type { Exercise } from "../course/check.js";
import { checkGate, type GateCriterion } from "../evaluate/index.js";

export type { GateCriterion };
/** What was measured, by the criterion's name; undefined where nothing was. */
export type Measured = Readonly<Record<string, number | undefined>>;
/** The names of the criteria that failed, in the order of the criteria. */
export type FailedCriteria = (criteria: readonly GateCriterion[], measured: Measured) => string[];

interface GateCase {
  what: string;
  criteria: readonly GateCriterion[];
  measured: Measured;
}

const RIGHT = { name: "right", atLeast: 0.8 }, LEAKS = { name: "leaks", atMost: 0 }, UNSURE = { name: "unsure", atMost: 2 };
const GATE_CASES: readonly GateCase[] = [
  { what: "all is well", criteria: [RIGHT, LEAKS, UNSURE], measured: { right: 0.86, leaks: 0, unsure: 1.4 } },
  { what: "too few right", criteria: [RIGHT, LEAKS, UNSURE], measured: { right: 0.79, leaks: 0, unsure: 1.4 } },
  { what: "two criteria fail", criteria: [RIGHT, LEAKS, UNSURE], measured: { right: 0.5, leaks: 3, unsure: 1.4 } },
  { what: "values exactly at their bounds", criteria: [RIGHT, UNSURE], measured: { right: 0.8, unsure: 2 } },
  { what: "one was never measured", criteria: [RIGHT, LEAKS], measured: { right: 0.86 } },
  { what: "a share of nothing: 0 / 0 is NaN", criteria: [RIGHT, UNSURE], measured: { right: NaN, unsure: NaN } },
  { what: "both bounds on one value", criteria: [{ name: "tokens", atLeast: 20, atMost: 512 }], measured: { tokens: 900 } },
];

const trueFailures: FailedCriteria = (criteria, measured) => checkGate(criteria, measured).results.filter(({ passed }) => !passed).map(({ name }) => name);
const failing = (fails: (value: number | undefined, criterion: GateCriterion) => boolean): FailedCriteria => (criteria, measured) =>
  criteria.filter((criterion) => fails(measured[criterion.name], criterion)).map(({ name }) => name);
const above = (value: number | undefined, bound: number | undefined): boolean => bound === undefined || (value !== undefined && value >= bound);
const below = (value: number | undefined, bound: number | undefined): boolean => bound === undefined || (value !== undefined && value <= bound);
const isNumber = (value: number | undefined): value is number => value !== undefined && !Number.isNaN(value);

const same = (given: unknown, wanted: readonly string[]): boolean => Array.isArray(given) && given.length === wanted.length && wanted.every((name, at) => given[at] === name);
const gates = (mistaken: FailedCriteria) => (answer: FailedCriteria): boolean => GATE_CASES.every(({ criteria, measured }) => same(answer(criteria, measured), mistaken(criteria, measured)));
const listed = (names: readonly string[]): string => (names.length === 0 ? "nothing" : names.join(", "));

export const gateExercise: Exercise<FailedCriteria> = {
  id: "61.2/gate",
  kind: "function",
  hints: [
    "Ask of each criterion when it has passed, not when it has failed. Then return the names of those that have not.",
    "A criterion may have one bound or both. What does measured[name] give for a name that nobody measured, and what does every comparison with it give?",
    "passed = value !== undefined && value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity). Comparisons with NaN are false, so NaN has not passed either.",
  ],
  fault: (answer) => {
    for (const { what, criteria, measured } of GATE_CASES) {
      const given: unknown = answer(criteria, measured), wanted = trueFailures(criteria, measured);
      if (!Array.isArray(given)) return `Return a list of names, not ${String(given)}.`;
      if (!same(given, wanted)) return `Where ${what}, your gate finds ${listed(given as string[])}; it should find ${listed(wanted)}.`;
    }
    return undefined;
  },
  misconceptions: [
    {
      name: "what is missing passes",
      matches: gates(failing((value, { atLeast, atMost }) => (value as number) < (atLeast ?? -Infinity) || (value as number) > (atMost ?? Infinity))),
      message: "You look for values that are too low or too high. undefined < 0.8 is false, so a criterion that nobody measured goes through, and so does NaN. That is how an evaluation that crashed ships a model: ask whether the value has passed, and count everything else as failed.",
    },
    {
      name: "what is missing is skipped",
      matches: gates(failing((value, { atLeast, atMost }) => value !== undefined && !(above(value, atLeast) && below(value, atMost)))),
      message: "You leave out what was not measured. Then the fastest way through your gate is to measure nothing: a missing value has to count as failed.",
    },
    {
      name: "the bound itself fails",
      matches: gates(failing((value, { atLeast, atMost }) => !(isNumber(value) && value > (atLeast ?? -Infinity) && value < (atMost ?? Infinity)))),
      message: "A value exactly at its bound passes: \"at least 0.8\" includes 0.8, and \"at most 0 leaks\" can never be met if 0 fails.",
    },
    {
      name: "only the lower bounds",
      matches: gates(failing((value, { atLeast }) => !isNumber(value) || !above(value, atLeast))),
      message: "You look at atLeast only. Leaks, unsure answers and costs are to be low: their bound is atMost, and three leaks went through your gate.",
    },
    {
      name: "bounds swapped",
      matches: gates(failing((value, { atLeast, atMost }) => !(isNumber(value) && value <= (atLeast ?? Infinity) && value >= (atMost ?? -Infinity)))),
      message: "The bounds are swapped: your gate stops what is good enough, and lets through what is not. atLeast is the lowest value that passes.",
    },
    {
      name: "only the first",
      matches: gates((criteria, measured) => trueFailures(criteria, measured).slice(0, 1)),
      message: "You stop at the first failure. Whoever mends it finds the next one after another whole run: report all of them at once.",
    },
    {
      name: "names that passed",
      matches: gates((criteria, measured) => criteria.map(({ name }) => name).filter((name) => !trueFailures(criteria, measured).includes(name))),
      message: "These are the criteria that passed. The gate is to say what stands in the way.",
    },
  ],
  because: "A criterion has passed when its value is known and within its bounds, the bounds included; everything else has failed, also what nobody measured.",
};

export const PLACES = ["data", "training", "evaluation", "deployment", "the world"] as const;
/** Where the cause of a symptom lies: in a stage, or outside of all of them. */
export type Place = (typeof PLACES)[number];

/** Symptoms, with where their cause lies and why. */
export const SYMPTOMS = {
  "The test score rose by seven points overnight; the dataset has a third of its rows.": ["data", "What left took the hard requests along, from the test as well."],
  "Test rows right fell to 0.76. Errors are nearly all complete for delete and back; reading twenty of them, you agree with the model.": ["data", "If the model is right and the label wrong, the labels are at fault."],
  "Own rows 0.97, test rows 0.65. The log ends after 490 of 4,080 rows, without an error.": ["training", "It learned what little it saw; the run ended early."],
  "Three releases have the same score to the last digit. The report was made from a file of answers that is a month old.": ["evaluation", "Nobody examined the new models: the old answers were scored three times."],
  "The notebook answers a request rightly, and the app answers the same request wrongly, with the same model file.": ["deployment", "Same weights, other answers: something changes between request and model."],
  "Nothing was released for a month. Since requests come in by voice, twice as many answers are unsure.": ["the world", "No stage has changed; users talk differently. The remedy begins in the data, the cause does not."],
} as const satisfies Record<string, readonly [Place, string]>;
export type Symptom = keyof typeof SYMPTOMS;
export type Places = Record<Symptom, Place>;
/** A function, so that a stub can be told from an answer. */
export type FindPlaces = () => Places;

const symptoms = Object.keys(SYMPTOMS) as Symptom[];
const [ROSE, LABELS, EARLY, CACHED, APP, VOICE] = symptoms as [Symptom, Symptom, Symptom, Symptom, Symptom, Symptom];
const says = (symptom: Symptom, place: Place) => (answer: FindPlaces): boolean => answer()[symptom] === place;
const someOf = (...tests: ((answer: FindPlaces) => boolean)[]) => (answer: FindPlaces): boolean => tests.some((test) => test(answer));

export const placesExercise: Exercise<FindPlaces> = {
  id: "61.2/places",
  kind: "choice",
  hints: [
    "For each symptom, ask what changed. The stage that shows it is often not the one that changed.",
    "Two causes lie in the data, and one in no stage at all.",
    "Same weights and other answers: not the training. Same answers and new weights: not the training either.",
  ],
  fault: (answer) => {
    const given = answer();
    for (const symptom of symptoms) {
      if (!PLACES.includes(given[symptom])) return `"${symptom}" has no place yet; give it one of ${PLACES.join(", ")}.`;
    }
    const wrong = symptoms.find((symptom) => given[symptom] !== SYMPTOMS[symptom][0]);
    return wrong === undefined ? undefined : `"${wrong}" does not point to ${given[wrong]}. ${SYMPTOMS[wrong][1]}`;
  },
  misconceptions: [
    {
      name: "where it shows",
      matches: someOf(says(ROSE, "evaluation"), says(LABELS, "evaluation"), says(EARLY, "evaluation")),
      message: "You name the evaluation because the number appears there. It only shows what came to it: ask what changed before the number did. Rows that left, labels that were mixed up and a run that ended early lie one or two stages back.",
    },
    {
      name: "a lower score means: train again",
      matches: someOf(says(LABELS, "training"), says(VOICE, "training")),
      message: "Training again on the same rows gives the same model. Where the labels are wrong, or the requests have changed, the run did what it was told: look at what it was given.",
    },
    {
      name: "a wrong answer is the model's",
      matches: says(APP, "training"),
      message: "The notebook and the app use one file of weights, and one of them answers rightly. Whatever differs lies between the request and the model: a template, a cut, a setting. That is deployment.",
    },
    {
      name: "the same score, the same model",
      matches: says(CACHED, "training"),
      message: "Two models hardly ever have one score to the last digit. Before you believe that training does nothing, ask whether anybody examined the new model: the answers are older than it is.",
    },
    {
      name: "drift is a mistake in the data",
      matches: says(VOICE, "data"),
      message: "The dataset is what it was, and was right when it was made. The users changed. The remedy is new rows, so it begins in the data; but a search for the fault there will find none.",
    },
    {
      name: "higher is better",
      matches: someOf(says(ROSE, "training"), says(ROSE, "the world")),
      message: "A jump is a symptom too. Two thirds of the rows are gone, and the test lost the same kind: the model was not trained better, it was asked less.",
    },
  ],
  because: "Each symptom is traced to what changed, not to where it shows: twice the data, once each training, evaluation and deployment, and once the world.",
};
