/** A model that cannot be exported, talked to or served: says why, and what would do. */
export class ServeError extends Error {
  override readonly name = "ServeError";
  /** The exit status of the `llmops` command. */
  readonly exitCode = 2;
  /** `context_length_exceeded` where the conversation is longer than the model reads. */
  readonly code: "context_length_exceeded" | undefined;

  constructor(message: string, { code, ...options }: ErrorOptions & { code?: "context_length_exceeded" } = {}) {
    super(message, options);
    this.code = code;
  }
}

/** @param context - tokens that the model reads, its answer included */
export const tooLong = (tokens: number, context: number): ServeError =>
  new ServeError(`the conversation has ${tokens} tokens, and the model reads ${context}: begin a new one`, { code: "context_length_exceeded" });
