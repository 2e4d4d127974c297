/** Why a version cannot be had or made. */
export type VersionErrorCode = "bad-reference" | "not-found" | "exists" | "same-content" | "not-publishable" | "damaged" | "busy";

/** An error about versions, said in one line with its remedy. */
export class VersionError extends Error {
  override readonly name = "VersionError";

  constructor(readonly code: VersionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
