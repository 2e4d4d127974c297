/** A schema that no grammar of ours can hold an answer to: names the place and the remedy. */
export class GrammarError extends Error {
  override readonly name = "GrammarError";
  /** The exit status of the `llmops` command. */
  readonly exitCode = 2;

  /** @param place - as a JSON pointer into the schema, e.g. `#/properties/due_date` */
  constructor(readonly place: string, message: string) {
    super(`${place}: ${message}`);
  }
}
