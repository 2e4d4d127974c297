/** Lesson 61.2: the gate, and where the cause of a symptom lies. */
import { todo } from "llmops/course";
import { gateExercise, placesExercise, SYMPTOMS, type FailedCriteria, type FindPlaces, type GateCriterion, type Places, type Symptom } from "llmops/exercises/61-2";
import { testExercise } from "./support/exercise.ts";

const failing = (fails: (value: number, criterion: GateCriterion) => boolean): FailedCriteria => (criteria, measured) =>
  criteria.filter((criterion) => fails(measured[criterion.name] as number, criterion)).map(({ name }) => name);
const { POSITIVE_INFINITY: MOST, NEGATIVE_INFINITY: LEAST } = Number;
const within = (value: number, { atLeast = LEAST, atMost = MOST }: GateCriterion) => value >= atLeast && value <= atMost;
const gate = failing((value, criterion) => !within(value, criterion));

testExercise<FailedCriteria>(gateExercise, gate, () => todo(), [failing((value, criterion) => !within(value + 0.02, criterion)), /Where all is well, your gate finds leaks; it should find nothing/], {
  "what is missing passes": failing((value, { atLeast = LEAST, atMost = MOST }) => value < atLeast || value > atMost),
  "what is missing is skipped": failing((value, criterion) => value !== undefined && !within(value, criterion)),
  "the bound itself fails": failing((value, { atLeast = LEAST, atMost = MOST }) => !(value > atLeast && value < atMost)),
  "only the lower bounds": failing((value, { atLeast = LEAST }) => !(value >= atLeast)),
  "bounds swapped": failing((value, { atLeast = MOST, atMost = LEAST }) => !(value <= atLeast && value >= atMost)),
  "only the first": (criteria, measured) => gate(criteria, measured).slice(0, 1),
  "names that passed": (criteria, measured) => criteria.map(({ name }) => name).filter((name) => !gate(criteria, measured).includes(name)),
});

const symptoms = Object.keys(SYMPTOMS) as Symptom[];
const places = Object.fromEntries(symptoms.map((symptom) => [symptom, SYMPTOMS[symptom][0]])) as Places;
const but = (start: string, place: Places[Symptom]): FindPlaces => () => ({ ...places, [symptoms.find((symptom) => symptom.startsWith(start)) as Symptom]: place });

testExercise<FindPlaces>(placesExercise, () => places, () => todo(), [but("The notebook", "evaluation"), /does not point to evaluation\. Same weights, other answers/], {
  "where it shows": but("The test score rose", "evaluation"),
  "a lower score means: train again": but("Test rows right fell", "training"),
  "a wrong answer is the model's": but("The notebook", "training"),
  "the same score, the same model": but("Three releases", "training"),
  "drift is a mistake in the data": but("Nothing was released", "data"),
  "higher is better": but("The test score rose", "the world"),
});
