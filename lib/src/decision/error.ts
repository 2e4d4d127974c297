/** A use case that no decision can be made of: names the field, and says what would do. */
export class DecisionError extends Error {
  override readonly name = "DecisionError";
  readonly code = "use-case";

  /** @param field - the fact's name as the caller wrote it, e.g. `promptScore` */
  constructor(readonly field: string, message: string) {
    super(`${field}: ${message}`);
  }
}
