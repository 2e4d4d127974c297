import { todo } from "llmops/course";
import { findInvented, maskRequest, type FindInvented, type MaskRequest } from "llmops/exercises/66-3";
import { testExercise } from "./support/exercise.ts";

const LEVELS: Record<string, RegExp> = { high: /\b(high|urgent|important)\b/i, medium: /\bmedium\b/i, low: /\b(low|no rush)\b/i };
const free = ["title", "new_title", "due_date"];
const find = (said: (request: string, field: string, value: string) => boolean): FindInvented => (request, { arguments: given }) => Object.entries(given).flatMap(([field, value]) => (said(request, field, String(value)) ? [] : [field]));
const folded = (request: string, value: string): boolean => request.toLowerCase().includes(value.toLowerCase());
const ranked = (request: string, value: string): boolean => LEVELS[value]?.test(request) ?? false;

testExercise<FindInvented>(
  findInvented, find((request, field, value) => (field === "priority" ? ranked(request, value) : field === "status" || folded(request, value))), () => todo(),
  [() => ["title"], /"Add buy milk for Friday" with .* gives \["title"\]; it should give \[\]/], {
    "letters as they stand": find((request, field, value) => (field === "priority" ? ranked(request, value) : field === "status" || request.includes(value))),
    "priority by its word": find((request, field, value) => field === "status" || folded(request, value)),
    "everything must be said": find((request, field, value) => (field === "priority" ? ranked(request, value) : folded(request, value))),
    "priority not looked at": find((request, field, value) => !free.includes(field) || folded(request, value)),
  },
);

const MARK: Record<string, string> = { title: "<title>", new_title: "<new>", due_date: "<date>" };
const mask = (fields: string[], change = { fold: true, sort: true, all: true }): MaskRequest => (request, given) => {
  const fold = (text: string): string => (change.fold ? text.toLowerCase() : text);
  const found = fields.filter((field) => given[field] !== undefined).map((field) => ({ mark: MARK[field] ?? "", value: fold(given[field] ?? "") }));
  if (change.sort) found.sort((a, b) => b.value.length - a.value.length);
  return found.reduce((text, { mark: said, value }) => (change.all ? text.replaceAll(value, said) : text.replace(value, said)), fold(request));
};
const all = ["title", "new_title", "due_date"];

testExercise<MaskRequest>(maskRequest, mask(all), () => todo(), [(request) => request.toUpperCase(), /it should give "move <title> to <date>"/], {
  "titles only": mask(["title", "new_title"]),
  "letters as they stand": mask(all, { fold: false, sort: true, all: true }),
  "in the order of the fields": mask(all, { fold: true, sort: false, all: true }),
  once: mask(all, { fold: true, sort: true, all: false }),
});
