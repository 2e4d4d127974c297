/** What comes home is what the job left, or it is refused with the reason: a runtime that fails midway, and one that lies. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { launch, PairError, type Run, type Runtime } from "llmops/pair";
import { z } from "zod";
import { pythonJob } from "./support/pair.ts";
import { scratch } from "./support/scratch.ts";

const PIECE = 1000;
const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

interface Bench {
  run: Run;
  /** What the runtime gives, by path in the job's folder; change it to make it lie. */
  files: Map<string, Uint8Array>;
  /** After so many bytes of `get` the connection breaks, once. */
  breakAfter: (bytes: number) => void;
  /** Bytes that `get` has sent so far. */
  sent: () => number;
}

/** A job that has ended on a runtime in memory, with the artifacts given and a manifest that promises just them. */
async function finished(context: TestContext, artifacts: Record<string, Uint8Array>, schema: z.ZodType | null = null): Promise<Bench> {
  const folder = scratch(context), files = new Map(Object.entries(artifacts).map(([path, bytes]) => [`artifacts/${path}`, bytes]));
  let left = Infinity, sent = 0;
  files.set("manifest.json", Buffer.from(JSON.stringify({ version: 1, artifacts: Object.entries(artifacts).map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: hash(bytes) })) })));
  const state = async () => ({ state: "finished" as const, attempt: 1, started: 1, ended: 2, now: 2, sizes: {}, checkpoints: [] });
  const read = (path: string, offset: number) => ({ bytes: (files.get(path) ?? new Uint8Array()).subarray(offset, offset + PIECE), size: files.get(path)?.length });
  const runtime: Runtime = {
    driver: "local", address: { driver: "local" }, says: "memory",
    start: async () => ({ version: 1, python: "", system: "", root: "", cpus: 1, memory_bytes: 1, disk_free_bytes: 1, disk_bytes: 1, gpu: null }),
    put: async () => {}, exec: state, status: state, interrupt: state, stop: async () => {}, close: async () => {},
    tail: async (_, file, offset) => read(file, offset),
    get: async (_, file, target) => {
      mkdirSync(dirname(target), { recursive: true });
      for (let offset = statSync(target, { throwIfNoEntry: false })?.size ?? 0; ; ) {
        const { bytes } = read(file, offset);
        if (bytes.length === 0) return;
        if ((left -= bytes.length) < 0) {
          left = Infinity;
          throw new PairError("lost", "the machine is gone");
        }
        writeFileSync(target, bytes, { flag: "a" });
        offset += bytes.length;
        sent += bytes.length;
      }
    },
  };
  const run = await launch(pythonJob(folder, "left", "", schema ? { results: { "result.json": schema } } : {}), runtime, { home: join(folder, "home") });
  return { run, files, breakAfter: (bytes) => (left = bytes), sent: () => sent };
}

const refused = async (run: Run, code: string, says: RegExp): Promise<void> => {
  await assert.rejects(run.fetch(), (error: unknown) => error instanceof PairError && error.code === code && (assert.match(error.message, says), true));
};

test("a download that breaks off keeps what has come, and the next one goes on from there", async (context) => {
  const weights = randomBytes(50_500), { run, breakAfter, sent } = await finished(context, { "adapter/weights.bin": weights });
  const target = join(run.folder, "artifacts/adapter/weights.bin");
  breakAfter(20_000);
  await refused(run, "lost", /is gone/);
  assert.deepEqual([existsSync(target), statSync(`${target}.part`).size], [false, 20_000]);
  const { "adapter/weights.bin": path } = await run.fetch();
  assert.deepEqual([path, sent()], [target, weights.length], "no byte was sent twice");
  assert.ok(readFileSync(target).equals(weights));
  await run.fetch();
  assert.equal(sent(), weights.length, "what is here and whole is not fetched again");
});

test("other bytes than the manifest promises are refused and set aside; the right ones are taken afterwards", async (context) => {
  const right = randomBytes(3000), { run, files } = await finished(context, { "a.bin": right, "b.bin": right });
  files.set("artifacts/b.bin", randomBytes(3000));
  await refused(run, "damaged", /b\.bin has the SHA-256 [0-9a-f]{12}… where the manifest says/);
  assert.deepEqual([existsSync(join(run.folder, "artifacts/a.bin")), existsSync(join(run.folder, "artifacts/b.bin")), existsSync(join(run.folder, "artifacts/b.bin.damaged"))], [true, false, true]);
  assert.equal(run.record.artifacts, undefined, "the record promises nothing");
  files.set("artifacts/b.bin", right);
  assert.ok(readFileSync((await run.fetch())["b.bin"]!).equals(right));
});

test("a file that is shorter than promised is refused, kept, and completed once it is whole", async (context) => {
  const right = randomBytes(5000), { run, files } = await finished(context, { "a.bin": right });
  files.set("artifacts/a.bin", right.subarray(0, 2500));
  await refused(run, "damaged", /a\.bin: 2500 of 5000 bytes are here; fetch again/);
  files.set("artifacts/a.bin", right);
  assert.ok(readFileSync((await run.fetch())["a.bin"]!).equals(right));
});

test("a result that does not meet its schema is refused by its field; one that is missing, by its name", async (context) => {
  const schema = z.object({ tokens_per_second: z.number() });
  const wrong = await finished(context, { "result.json": Buffer.from('{"tokens_per_second":"fast"}') }, schema);
  await refused(wrong.run, "damaged", /result\.json: tokens_per_second: .*number/);
  const broken = await finished(context, { "result.json": Buffer.from("{") }, schema);
  await refused(broken.run, "damaged", /result\.json is no JSON/);
  const missing = await finished(context, { "other.json": Buffer.from("{}") }, schema);
  await refused(missing.run, "damaged", /finished without result\.json; its log says why/);
});

test("a manifest that is none, or that names a file outside the run's folder, is refused", async (context) => {
  const { run, files } = await finished(context, { "a.bin": randomBytes(10) });
  const manifest = (path: string): Buffer => Buffer.from(JSON.stringify({ version: 1, artifacts: [{ path, bytes: 1, sha256: "0".repeat(64) }] }));
  for (const path of ["../../../escaped", "/etc/passwd", "C:\\x", "a/../../b", ""]) {
    files.set("manifest.json", manifest(path));
    await refused(run, "damaged", /artifacts\.0\.path: /);
  }
  files.set("manifest.json", Buffer.from("not json"));
  await refused(run, "damaged", /is no JSON/);
  files.delete("manifest.json");
  await refused(run, "lost", /left no manifest/);
});
