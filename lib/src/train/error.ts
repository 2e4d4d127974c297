/** A recipe that cannot be trained with: names the field, and says what would do. */
export class RecipeError extends Error {
  override readonly name = "RecipeError";
  /** The exit status of the `llmops` command. */
  readonly exitCode = 2;

  /** @param field - as it stands in the recipe, e.g. `rank` or `data.train` */
  constructor(readonly field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options);
  }
}
