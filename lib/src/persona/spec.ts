/** A persona as data: what a dataset is written by, held against, and measured with. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { workbookPath } from "../course/workbook.js";
import type { PersonaBrief } from "../teacher/persona-prompt.js";
import { compileMarkers } from "./markers.js";

const Id = z.string().regex(/^[a-z][a-z0-9_]*$/, "letters, digits and _, beginning with a letter");
const Marker = z.string().trim().min(1).superRefine((text, context) => {
  try {
    compileMarkers([text]);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
  }
});

/** One thing that a persona's replies have in common, in words for a judge and in marks for a program. */
export const Trait = z.strictObject({
  id: Id,
  /** What it is, in a sentence: the teacher and the judge read it. */
  description: z.string().trim().min(10, "one sentence that a stranger could judge by"),
  /** What a 5, a 3 and a 1 look like. */
  rubric: z.strictObject({ "5": z.string().min(1), "3": z.string().min(1), "1": z.string().min(1) }),
  /** Where to look: in the first sentence, the last, or all. */
  where: z.enum(["opening", "close", "anywhere"]).default("anywhere"),
  /** The trait shows where one of these stands (see markers.ts for how they are written); none: it shows by what is absent. */
  shows: z.array(Marker).default([]),
  /** The trait is spoilt where one of these stands, anywhere. */
  spoils: z.array(Marker).default([]),
});
export type Trait = z.output<typeof Trait>;

export const PersonaSpec = z.strictObject({
  id: Id,
  /** As users read it. */
  name: z.string().trim().min(1),
  summary: z.string().trim().min(10),
  /** The same in every row and at every request: the model learns to answer it in this voice. */
  system: z.string().trim().min(10).max(200, "a system prompt is paid for at every request: 200 characters at most"),
  traits: z.array(Trait).min(1, "a persona without traits cannot be measured"),
  /** Words and turns of phrase that are the persona's own. */
  vocabulary: z.array(z.string().min(1)).default([]),
  /** Examples of how a reply begins, confirms and ends. */
  patterns: z.strictObject({ opening: z.array(z.string()).default([]), confirmation: z.array(z.string()).min(1), close: z.array(z.string()).default([]) }),
  prohibitions: z.array(z.strictObject({ id: Id, description: z.string().min(1), found: z.array(Marker).min(1) })).default([]),
  /** Words that a reply may have at most. */
  maxWords: z.number().int().min(5).max(120).default(45),
}).superRefine(({ traits, prohibitions }, context) => {
  for (const [what, list] of [["trait", traits], ["prohibition", prohibitions]] as const) {
    const twice = list.find(({ id }, at) => list.findIndex((other) => other.id === id) !== at);
    if (twice !== undefined) context.addIssue({ code: "custom", message: `the ${what} "${twice.id}" stands there twice` });
  }
  traits.forEach((trait, at) => {
    if (trait.shows.length + trait.spoils.length === 0) {
      context.addIssue({ code: "custom", path: ["traits", at], message: `the trait "${trait.id}" has neither shows nor spoils: nothing but a judge could see it` });
    }
  });
});
export type PersonaSpec = z.output<typeof PersonaSpec>;

const FOLDER = "datasets/personas";

/** A persona's file could not be used. */
export class PersonaError extends Error {
  override name = "PersonaError";
}

/**
 * Reads a persona from YAML or JSON.
 *
 * @param text what the file holds
 * @param source the file's name, for the message
 * @throws PersonaError naming file, field and what is wrong
 */
export function parsePersona(text: string, source = "persona"): PersonaSpec {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new PersonaError(`${source} is neither YAML nor JSON: ${(error as Error).message}`, { cause: error });
  }
  const result = PersonaSpec.safeParse(value);
  if (!result.success) throw new PersonaError(`${source} is no persona:\n${z.prettifyError(result.error)}`, { cause: result.error });
  return result.data;
}

/**
 * A persona of datasets/personas by its id, or of a file by its path.
 *
 * @throws PersonaError when there is none of that name, or the file is not usable
 */
export function readPersona(idOrPath: string): PersonaSpec {
  const isPath = extname(idOrPath) !== "";
  if (!isPath && !personaIds().includes(idOrPath)) throw new PersonaError(`there is no persona "${idOrPath}"; ${FOLDER} has ${personaIds().join(", ")}`);
  const path = isPath ? idOrPath : personaPath(`${idOrPath}.yaml`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new PersonaError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const persona = parsePersona(text, basename(path));
  if (!isPath && persona.id !== idOrPath) throw new PersonaError(`${basename(path)} holds the persona "${persona.id}": give the file its id as name`);
  return persona;
}

/** The personas of datasets/personas, sorted. */
export function personaIds(): string[] {
  return readdirSync(workbookPath(FOLDER)).filter((name) => name.endsWith(".yaml")).map((name) => basename(name, ".yaml")).sort();
}

/** Where the personas and their rows lie. */
export function personaPath(file: string): string {
  return join(workbookPath(FOLDER), file);
}

/** What a teacher is told. Markers stay here: a teacher that knew them would write them into every reply. */
export function briefOf({ name, traits, vocabulary, patterns, prohibitions, maxWords }: PersonaSpec): PersonaBrief {
  return {
    name, vocabulary, patterns, maxWords,
    traits: traits.map(({ id, description }) => ({ id, description })),
    prohibitions: prohibitions.map(({ id, description }) => ({ id, description })),
  };
}
