/** JSON of another program or another day, held against the schema that it promises to meet. */
import type { z } from "zod";
import { PairError } from "./error.js";

/**
 * @param subject - what the text is, as a sentence about it begins: `its run.json`
 * @param where - the file, for the end of the sentence
 * @throws PairError `damaged` that names the field
 */
export function parsePromised<T extends z.ZodType>(text: string, schema: T, subject: string, where?: string): z.output<T> {
  const end = where === undefined ? "" : ` (${where})`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PairError("damaged", `${subject} is no JSON: ${(error as Error).message}${end}`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new PairError("damaged", `${subject}: ${parsed.error.issues[0]?.path.join(".") || "the whole"}: ${parsed.error.issues[0]?.message}${end}`);
  return parsed.data;
}
