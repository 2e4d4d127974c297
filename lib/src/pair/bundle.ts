/** The results of a hand-off, as one zip file: `results-RUN.zip`, written by colab/runtime/hand_off.py. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import { z } from "zod";
import { parseManifest } from "./artifacts.js";
import { PairError } from "./error.js";
import { hasEnded, JobState, Manifest, RuntimeFacts } from "./job.js";
import { parsePromised } from "./promised-json.js";

/** Files of the bundle beside the artifacts. */
const OWN = ["manifest.json", "metrics.jsonl", "log.txt", "oom.json"] as const;
/** Held in memory while they are read: a log of a job is far smaller. */
const OWN_LIMIT = 256 << 20;
const HEAD_LIMIT = 1 << 20;

const Head = z.object({
  version: z.literal(1),
  run: z.string(),
  recipeHash: z.string(),
  state: JobState,
  machine: RuntimeFacts,
  /** The versions of the packages that the job ran with. */
  packages: z.record(z.string(), z.string()),
  files: z.array(z.object({ path: z.enum(OWN), bytes: z.int().nonnegative().max(OWN_LIMIT), sha256: z.string() })),
});

export interface Bundle {
  head: z.output<typeof Head>;
  manifest: Manifest;
  /** Manifest, metrics, log and oom.json, by name. */
  own: ReadonlyMap<string, Buffer>;
}

/**
 * Reads a bundle and holds every byte of it against what it promises.
 *
 * @param expected - the run that it should be of
 * @throws PairError `damaged` where it is cut, changed, or another run's; the message says which
 */
export async function readBundle(path: string, expected: { id: string; recipeHash: string }): Promise<Bundle> {
  return withZip(path, async (zip, entries) => {
    const head = parsePromised((await readEntry(zip, entryOf(entries, "run.json", HEAD_LIMIT))).toString("utf8"), Head, "its run.json");
    if (head.run !== expected.id) throw new PairError("damaged", `it is of another run: of ${head.run}, not of ${expected.id}`);
    if (head.recipeHash !== expected.recipeHash) throw new PairError("damaged", `it is of another recipe (${head.recipeHash.slice(0, 12)}…) than this run has (${expected.recipeHash.slice(0, 12)}…)`);
    if (!hasEnded(head.state.state)) throw new PairError("damaged", `it was packed while the job was ${head.state.state}`);
    const own = new Map<string, Buffer>();
    for (const file of head.files) {
      const content = await readEntry(zip, entryOf(entries, file.path, file.bytes));
      promise(file, { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") });
      own.set(file.path, content);
    }
    const text = own.get("manifest.json");
    if (!text) throw new PairError("damaged", "it has no manifest.json");
    const manifest = parseManifest(text.toString("utf8"), head.run);
    for (const artifact of manifest.artifacts) {
      const hash = createHash("sha256");
      let bytes = 0;
      await stream(zip, entryOf(entries, `artifacts/${artifact.path}`, artifact.bytes), new Writable({
        write(block: Buffer, _encoding, done) {
          hash.update(block);
          bytes += block.length;
          done();
        },
      }));
      promise(artifact, { bytes, sha256: hash.digest("hex") });
    }
    return { head, manifest, own };
  });
}

/** Writes one artifact of a bundle to a file, from the offset on that the file has already. Gives the bytes written. */
export async function extract(path: string, artifact: string, target: string, offset: number): Promise<number> {
  return withZip(path, async (zip, entries) => {
    const entry = entries.get(`artifacts/${artifact}`);
    if (!entry) throw new PairError("damaged", `${artifact} is not among what the job left`);
    let seen = 0;
    const rest = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const block of source) {
        if (seen + block.length > offset) yield block.subarray(Math.max(0, offset - seen));
        seen += block.length;
      }
    };
    await pipeline(Readable.from(rest(await zip.openReadStreamPromise(entry))), createWriteStream(target, { flags: offset === 0 ? "w" : "r+", start: offset }));
    return Math.max(0, seen - offset);
  });
}

async function withZip<T>(path: string, work: (zip: ZipFile, entries: Map<string, Entry>) => Promise<T>): Promise<T> {
  let zip: ZipFile;
  try {
    zip = await openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true });
  } catch (error) {
    throw new PairError("damaged", `it is no whole zip file (${(error as Error).message}): download it again`, { cause: error });
  }
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    return await work(zip, entries);
  } catch (error) {
    if (error instanceof PairError || (error instanceof Error && "syscall" in error)) throw error;
    throw new PairError("damaged", `it cannot be unpacked (${(error as Error).message}): download it again`, { cause: error });
  } finally {
    zip.close();
  }
}

/** An entry whose size is as promised: nothing larger is unpacked, whatever the archive says. */
function entryOf(entries: ReadonlyMap<string, Entry>, name: string, limit: number): Entry {
  const entry = entries.get(name);
  if (!entry) throw new PairError("damaged", `it lacks ${name}`);
  if (entry.uncompressedSize > limit) throw new PairError("damaged", `${name} has ${entry.uncompressedSize} bytes, more than the ${limit} it may have`);
  return entry;
}

async function readEntry(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const blocks: Buffer[] = [];
  await stream(zip, entry, new Writable({
    write(block: Buffer, _encoding, done) {
      blocks.push(block);
      done();
    },
  }));
  return Buffer.concat(blocks);
}

const stream = async (zip: ZipFile, entry: Entry, to: Writable): Promise<void> => pipeline(await zip.openReadStreamPromise(entry), to);

function promise(file: { path: string; bytes: number; sha256: string }, got: { bytes: number; sha256: string }): void {
  if (got.bytes === file.bytes && got.sha256 === file.sha256) return;
  throw new PairError("damaged", `${file.path} has ${got.bytes} bytes with the SHA-256 ${got.sha256.slice(0, 12)}… where ${file.bytes} with ${file.sha256.slice(0, 12)}… are listed`);
}
