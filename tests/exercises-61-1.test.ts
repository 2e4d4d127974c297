/** Lesson 61.1: what a company's things are good for, and what a model of one's own is worth in a month. */
import { todo } from "llmops/course";
import { ASSETS, assetsExercise, valueExercise, type Asset, type Assumptions, type SortAssets, type Use, type Uses, type ValueOfMonth } from "llmops/exercises/61-1";
import { testExercise } from "./support/exercise.ts";

const assets = Object.keys(ASSETS) as Asset[];
const uses = Object.fromEntries(assets.map((asset) => [asset, ASSETS[asset][0]])) as Uses;
const but = (start: string, use: Use): SortAssets => () => ({ ...uses, [assets.find((asset) => asset.startsWith(start)) as Asset]: use });

testExercise<SortAssets>(assetsExercise, () => uses, () => todo(), [but("300", "keep out"), /"300 requests .* need not be kept out\. Once trained on/], {
  "secret is valuable": but("Names", "train"),
  "facts belong into weights": but("This week's", "train"),
  "the exam is data too": but("300", "train"),
  "open weights are an advantage": but("The weights", "train"),
  "a prompt is a moat": but("The prompt", "look up"),
  "mistakes are waste": but("Last month's", "keep out"),
  "everything is looked up": but("4,800", "look up"),
});

const perRequest = (a: Assumptions) => a.generalDollars - a.ownDollars + (a.generalErrors - a.ownErrors) * a.errorDollars;
const value: ValueOfMonth = (a) => a.requests * perRequest(a) - a.fixedDollars;

testExercise<ValueOfMonth>(valueExercise, value, () => todo(), [(a) => value(a) + 1, /For 300,000 requests your month is worth 5522\.00 dollars; it should be 5521\.00/], {
  "fixed costs forgotten": (a) => a.requests * perRequest(a),
  "fixed costs for each request": (a) => a.requests * (perRequest(a) - a.fixedDollars),
  "your own model makes no mistakes": (a) => value({ ...a, ownErrors: 0 }),
  "only tokens": (a) => a.requests * (a.generalDollars - a.ownDollars) - a.fixedDollars,
  "only mistakes": (a) => a.requests * (a.generalErrors - a.ownErrors) * a.errorDollars - a.fixedDollars,
  "shares as percentages": (a) => value({ ...a, generalErrors: a.generalErrors / 100, ownErrors: a.ownErrors / 100 }),
  "the other way round": (a) => -a.requests * perRequest(a) - a.fixedDollars,
});
