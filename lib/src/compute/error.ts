import type { z } from "zod";

/** Input that no plan can be made of: names the field, and says what would do. */
export class ComputeError extends Error {
  override readonly name = "ComputeError";
  readonly code = "compute-input";

  /** @param field - the field's name as the caller wrote it, e.g. `batch` or `model.heads` */
  constructor(readonly field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options);
  }
}

/**
 * Checks a value against a schema.
 *
 * @param prefix - put before the names of fields: `model` makes `model.heads`
 * @throws ComputeError for the first field that is wrong
 */
export function checkInput<T extends z.ZodType>(schema: T, value: unknown, prefix = ""): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = [...(prefix ? [prefix] : []), ...(issue?.path ?? [])].join(".");
  if (issue?.code === "unrecognized_keys") throw new ComputeError([...(path ? [path] : []), issue.keys[0]].join("."), "is no field of this; is it misspelt?");
  throw new ComputeError(path || "input", issue?.message ?? "is not valid");
}
