/**
 * What goes wrong with a file as a whole: it is not there, cannot be read, is cut off, or there is no room to write it.
 * A single bad row is never a FileError; it is a problem of that row.
 */

export type FileErrorCode =
  | "not-found" | "is-directory" | "permission" | "no-space" | "read-only" | "truncated" | "unsupported" | "header" | "same-file" | "io";

/** An error about a file, said in one line with its remedy. The command prints it without a stack and exits with 2. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly code: FileErrorCode;
  readonly path: string;
  readonly remedy: string;

  constructor(code: FileErrorCode, path: string, what: string, remedy: string, options?: ErrorOptions) {
    super(`${path}: ${what}; ${remedy}`, options);
    this.code = code;
    this.path = path;
    this.remedy = remedy;
  }
}

function errno(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/**
 * Turns a system error met while reading or writing `path` into a FileError; a FileError passes through.
 *
 * @param doing which side failed: the remedies differ
 */
export function fileError(error: unknown, path: string, doing: "read" | "write"): FileError {
  if (error instanceof FileError) return error;
  const cause = { cause: error };
  switch (errno(error)) {
    case "ENOENT":
      return doing === "read"
        ? new FileError("not-found", path, "no such file", "check the name and the folder you are in", cause)
        : new FileError("not-found", path, "its folder does not exist", "create the folder first", cause);
    case "ENOTDIR":
    case "EEXIST": // what mkdir answers where the last folder of the path is a file
      return new FileError("not-found", path, "a part of the path is a file, not a folder", "check the path", cause);
    case "EISDIR":
      return new FileError("is-directory", path, "is a folder", "name a file", cause);
    case "EACCES":
    case "EPERM":
      return new FileError("permission", path, `no permission to ${doing} it`, "change its permissions or choose another place", cause);
    case "EROFS":
      return new FileError("read-only", path, "is on a read-only file system", "choose another place for the output", cause);
    // EFBIG is what a file-size limit (ulimit -f) or a FAT32 disk answers: no room for this file.
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return new FileError("no-space", path, "no room left to write it", "free some space or choose another disk; nothing was replaced", cause);
    // zlib's name for "the input ended inside a gzip member".
    case "Z_BUF_ERROR":
      return new FileError("truncated", path, "the gzip data ends too early, the file is cut off", "copy or download it again", cause);
    case "Z_DATA_ERROR":
    case "Z_STREAM_ERROR":
      return new FileError("truncated", path, "the gzip data is damaged", "copy or download it again", cause);
    default: {
      const said = error instanceof Error ? error.message : String(error);
      return new FileError("io", path, `cannot ${doing} it (${said})`, "check the disk and try again", cause);
    }
  }
}
