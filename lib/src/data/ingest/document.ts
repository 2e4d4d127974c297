import { promises as fs } from "node:fs";
import type { Example } from "../example.js";
import { FileError, fileError } from "../jsonl/file-error.js";
import { chunkMarkdown, chunkText, type Chunk, type ChunkOptions } from "./chunk.js";
import { htmlToMarkdown } from "./html.js";

/** Kinds of documents that are cut into chunks. */
export type DocumentKind = "markdown" | "html" | "text";

/**
 * Makes instruction pairs of a chunk: the teacher's part. Where each pair came from (file and heading) is added by the
 * caller.
 */
export type PairWriter = (chunk: Chunk, options: { signal?: AbortSignal }) => Promise<Example[]>;

/** A document is held in memory whole; a text of this size is a hundred books. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;

/**
 * The text of a file: UTF-8, or UTF-16 with a byte order mark.
 *
 * @throws FileError when it cannot be read, is over 64 MiB, or is in another encoding
 */
export async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    const { size } = await fs.stat(path);
    if (size > MAX_DOCUMENT_BYTES) {
      throw new FileError("unsupported", path, `is a document of ${Math.round(size / 2 ** 20)} MiB, the limit is 64 MiB`, "cut it into several files");
    }
    bytes = await fs.readFile(path);
  } catch (error) {
    throw fileError(error, path, "read");
  }
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FileError("unsupported", path, `is not ${encoding.toUpperCase()} text`, "save it as UTF-8; it may be Latin-1 or Windows-1252", { cause });
  }
}

/**
 * Reads a document and cuts it into chunks by its headings and its length.
 *
 * @param path - the file
 * @param kind - how to read it
 * @param source - the name that the chunks carry
 * @throws FileError when it cannot be read as text
 */
export async function chunkDocument(path: string, kind: DocumentKind, source = path, options: ChunkOptions = {}): Promise<Chunk[]> {
  const text = await readText(path);
  switch (kind) {
    case "markdown":
      return chunkMarkdown(source, text, options);
    case "html":
      return chunkMarkdown(source, htmlToMarkdown(text), options);
    case "text":
      return chunkText(source, text, options);
  }
}
