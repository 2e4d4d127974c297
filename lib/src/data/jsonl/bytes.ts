import { createReadStream, promises as fs } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { FileError, fileError } from "./file-error.js";

/** One read of the disk, and the size of a batch of rows: large enough that per-chunk costs vanish, small enough to stay in cache. */
const CHUNK_BYTES = 256 * 1024;

/** The decompressed bytes of a file or of any byte stream. */
export interface ByteSource {
  /** Name for messages: the path, or what the caller called the stream. */
  name: string;
  gzip: boolean;
  /** Size on disk in bytes, where there is a file. */
  size?: number;
  /** How many bytes of the source (compressed, if it is) have been read: for progress. */
  position(): number;
  chunks: AsyncGenerator<Buffer, void, void>;
}

// Formats that are not text and that people hand in as a dataset, with the way out.
const FOREIGN: readonly { magic: string; what: string; remedy: string }[] = [
  { magic: "504b0304", what: "is a zip archive (or a spreadsheet)", remedy: "unzip it, or export the sheet as CSV" },
  // A file of it is read elsewhere, by its footer; a stream has no end to begin at.
  { magic: "50415231", what: "is Parquet data in a stream", remedy: "save it as a file and name that" },
  { magic: "28b52ffd", what: "is zstd-compressed", remedy: "decompress it with: zstd -d" },
  { magic: "fd377a585a00", what: "is xz-compressed", remedy: "decompress it with: xz -d" },
  { magic: "425a68", what: "is bzip2-compressed", remedy: "decompress it with: bzip2 -d" },
  { magic: "53514c69746520666f726d6174", what: "is an SQLite database", remedy: "export the table as CSV" },
  { magic: "4152524f5731", what: "is an Arrow file", remedy: "export it as JSONL, e.g. with datasets: Dataset.from_file(file).to_json(out)" },
  { magic: "fffe", what: "is UTF-16 text", remedy: "save it as UTF-8, e.g. with: iconv -f UTF-16 -t UTF-8" },
  { magic: "feff", what: "is UTF-16 text", remedy: "save it as UTF-8, e.g. with: iconv -f UTF-16 -t UTF-8" },
];

/**
 * Opens a file (or a stream) as decompressed bytes. gzip is recognised by its first bytes, whatever the name says;
 * several members in one file are read as one.
 *
 * @param startOffset where to begin, in decompressed bytes; compressed data before it is decompressed and dropped
 * @throws FileError: not found, a folder, no permission, another kind of file, and, while reading, cut-off or damaged gzip
 */
export async function openBytes(source: string | AsyncIterable<Uint8Array>, startOffset = 0, name?: string): Promise<ByteSource> {
  const label = name ?? (typeof source === "string" ? source : "stream");
  let read = 0;
  let size: number | undefined;
  let raw: AsyncIterable<Uint8Array>;
  let skipped = 0;
  if (typeof source === "string") {
    const stat = await fs.stat(source).catch((error: unknown) => { throw fileError(error, source, "read"); });
    if (stat.isDirectory()) throw new FileError("is-directory", source, "is a folder", "name a file");
    if (stat.isFile()) size = stat.size;
    // A plain file is entered at the offset; compressed or piped data has to be read from its beginning.
    if (startOffset > 0 && stat.isFile() && !(await isGzipFile(source))) skipped = startOffset;
    // Read from a position, even from 0, a pipe such as /dev/stdin answers that it cannot seek.
    raw = createReadStream(source, { ...(skipped > 0 ? { start: skipped } : {}), highWaterMark: CHUNK_BYTES });
  } else {
    raw = source;
  }
  const counted = count(raw, (bytes) => { read += bytes; });
  let peeked: Peeked;
  try {
    peeked = await peekBytes(counted, 16);
  } catch (error) {
    throw fileError(error, label, "read");
  }
  const gzip = skipped === 0 && peeked.head[0] === 0x1f && peeked.head[1] === 0x8b;
  if (!gzip && skipped === 0) {
    const hex = peeked.head.toString("hex");
    const foreign = FOREIGN.find(({ magic }) => hex.startsWith(magic));
    if (foreign) {
      await peeked.close();
      throw new FileError("unsupported", label, foreign.what, foreign.remedy);
    }
  }
  const plain = gzip ? gunzip(peeked.rest) : peeked.rest;
  return {
    name: label,
    gzip,
    ...(size === undefined ? {} : { size }),
    position: () => skipped + read,
    chunks: guarded(dropFirst(plain, startOffset - skipped), label),
  };
}

/** The first bytes of a stream, and the whole stream again, these included. Where only the head is wanted, `close` lets go of the rest. */
interface Peeked {
  head: Buffer;
  rest: AsyncGenerator<Buffer, void, void>;
  close: () => Promise<void>;
}

/** Reads ahead: at least `bytes` bytes, fewer only where the stream is shorter. */
export async function peekBytes(source: AsyncIterable<Uint8Array>, bytes: number): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const taken: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const next = await iterator.next();
    if (next.done) break;
    taken.push(asBuffer(next.value));
    length += next.value.length;
  }
  async function* rest(): AsyncGenerator<Buffer, void, void> {
    try {
      yield* taken;
      taken.length = 0;
      for (;;) {
        const next = await iterator.next();
        if (next.done) return;
        yield asBuffer(next.value);
      }
    } finally {
      await iterator.return?.();
    }
  }
  // A generator that was never started would not run its `finally`: closing goes to the source itself.
  const close = async (): Promise<void> => { await iterator.return?.(); };
  return { head: Buffer.concat(taken), rest: rest(), close };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isGzipFile(path: string): Promise<boolean> {
  return beginsWith(path, [0x1f, 0x8b]);
}

/** Whether an ordinary file begins as Parquet does. What cannot be opened is told where it is read. */
export async function isParquetFile(path: string): Promise<boolean> {
  const stat = await fs.stat(path).catch(() => undefined);
  return stat?.isFile() === true && beginsWith(path, [...Buffer.from("PAR1")]);
}

async function beginsWith(path: string, bytes: readonly number[]): Promise<boolean> {
  const handle = await fs.open(path).catch((error: unknown) => { throw fileError(error, path, "read"); });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes.length), 0, bytes.length, 0);
    return bytesRead === bytes.length && bytes.every((byte, at) => buffer[at] === byte);
  } finally {
    await handle.close();
  }
}

async function* count(source: AsyncIterable<Uint8Array>, add: (bytes: number) => void): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of source) {
    add(chunk.length);
    yield chunk;
  }
}

async function* gunzip(source: AsyncGenerator<Buffer, void, void>): AsyncGenerator<Buffer, void, void> {
  const input = Readable.from(source, { objectMode: false });
  const output = createGunzip({ chunkSize: CHUNK_BYTES });
  input.on("error", (error) => output.destroy(error));
  try {
    for await (const chunk of input.pipe(output)) yield chunk as Buffer;
  } finally {
    output.destroy();
    input.destroy();
  }
}

async function* dropFirst(source: AsyncGenerator<Buffer, void, void>, bytes: number): AsyncGenerator<Buffer, void, void> {
  let left = bytes;
  for await (const chunk of source) {
    if (left >= chunk.length) left -= chunk.length;
    else {
      yield left > 0 ? chunk.subarray(left) : chunk;
      left = 0;
    }
  }
}

async function* guarded(source: AsyncGenerator<Buffer, void, void>, name: string): AsyncGenerator<Buffer, void, void> {
  try {
    yield* source;
  } catch (error) {
    throw fileError(error, name, "read");
  }
}
