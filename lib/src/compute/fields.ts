/** Fields that several inputs have, with errors that say what would do. */
import { z } from "zod";
import { STORAGE_NAMES } from "./storage.js";

/** A whole number from 1. */
export const count = (most: number) => z.number({ error: `must be a whole number from 1 to ${most}` })
  .int({ error: "must be a whole number" }).min(1, { error: "must be at least 1" }).max(most, { error: `must be at most ${most}` });

/** One of a list of names. */
export const oneOf = <const T extends string>(names: readonly T[]) => z.enum(names, { error: `must be one of ${names.join(", ")}` });

export const modelField = z.union([z.string(), z.record(z.string(), z.unknown())], { error: "must be a model's name or its shape" });
export const storageField = oneOf(STORAGE_NAMES);
