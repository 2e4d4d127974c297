/** A model that cannot be exported or talked to: says why, and what would do. */
export class ServeError extends Error {
  override readonly name = "ServeError";
  /** The exit status of the `llmops` command. */
  readonly exitCode = 2;
}
