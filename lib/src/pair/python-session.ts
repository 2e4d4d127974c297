/** The least that a live route must give: run a few lines of Python over there, and read one string back. */

export interface EvaluateOptions {
  /** Milliseconds until the request counts as lost. */
  timeoutMs: number;
}

export interface PythonSession {
  /** The most bytes of a file that one request may carry on this route. */
  readonly chunkBytes: number;
  /** The same for what is sent, where it should be less. */
  readonly writeBytes?: number;
  /**
   * Runs `code`, then gives the value of the variable `_llmops_reply`: Base64 text, so that it survives every way of printing.
   *
   * @throws PairError `timeout` or `lost` where no answer came; PythonFault where the code itself raised
   */
  evaluate(code: string, options: EvaluateOptions): Promise<string>;
  /** Ends the machine. */
  stop(): Promise<void>;
  /** Lets go of the connection only. */
  close(): Promise<void>;
}

/** The Python code of a request raised an exception over there. */
export class PythonFault extends Error {
  override readonly name = "PythonFault";

  /** @param kind - the exception's class, e.g. `NameError` */
  constructor(readonly kind: string, message: string) {
    super(`${kind}: ${message}`);
  }
}
