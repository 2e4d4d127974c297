import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { buildDataset, BuildError, type BuildOptions } from "llmops/data";
import { random, writeMixedRows } from "./bench/mixed-rows.ts";

const COMMAND = resolve(import.meta.dirname, "../lib/bin/llmops.cjs");
let home = "";
let input = "";
let old = "";
before(async () => {
  home = mkdtempSync(join(tmpdir(), "llmops-resume-"));
  input = join(home, "in.jsonl");
  await writeMixedRows(input, 6000, 3);
  old = join(home, "old.jsonl");
  await writeMixedRows(old, 200, 4);
});
after(() => rmSync(home, { recursive: true, force: true }));

const contents = (out: string): Record<string, string> =>
  Object.fromEntries((readdirSync(out, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name)).sort()
    .map((path) => [path.slice(out.length + 1), createHash("sha256").update(readFileSync(path)).digest("hex")]));
const hidden = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith("."));

function command(out: string): ChildProcess {
  return spawn(process.execPath, [COMMAND, "data", "build", input, "--out", out, "--stratify", "operation", "--max-tokens", "1000", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
}

async function finish(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (text) => { stdout += String(text); });
  child.stderr?.on("data", (text) => { stderr += String(text); });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

describe("a build that is killed", () => {
  it("leaves the earlier output whole, goes on when started again, and makes the same bytes", async () => {
    const parent = mkdtempSync(join(home, "kill-"));
    const out = join(parent, "out");
    const reference = join(home, "reference");
    const began = performance.now();
    const whole = await finish(command(reference));
    assert.equal(whole.code, 0, whole.stderr);
    const took = performance.now() - began;
    const expected = contents(reference);

    await buildDataset({ sources: [old], out });
    const before = contents(out);
    const next = random(17);
    let kills = 0;
    let resumed = false;
    for (let attempt = 0; attempt < 12; attempt++) {
      const child = command(out);
      const done = finish(child);
      await Promise.race([setTimeout(next() * took * 0.9), done]);
      child.kill("SIGKILL");
      const { code, stdout, stderr } = await done;
      const now = contents(out);
      if (code === null) kills++;
      else {
        assert.equal(code, 0, stderr);
        resumed ||= (JSON.parse(stdout) as { resumed: boolean }).resumed;
        assert.deepEqual(now, expected);
      }
      // A kill that comes after the result was moved into place finds the new output, whole.
      if (now["manifest.json"] !== expected["manifest.json"]) assert.deepEqual(now, before, `after kill ${kills} the earlier output is whole`);
      else {
        assert.deepEqual(now, expected, `after kill ${kills} the new output is whole`);
        rmSync(out, { recursive: true });
        await buildDataset({ sources: [old], out });
      }
    }
    // By the clock alone, each kill may come too early or too late to leave work behind: the last one waits for it.
    const begun = (): boolean => hidden(parent).some((name) => existsSync(join(parent, name, "state.json")));
    for (let attempt = 0; attempt < 20 && !begun(); attempt++) {
      const child = command(out);
      const done = finish(child);
      while (!begun() && child.exitCode === null) await setTimeout(2);
      child.kill("SIGKILL");
      if ((await done).code === null) continue;
      rmSync(out, { recursive: true });
      await buildDataset({ sources: [old], out });
    }
    const { code, stdout, stderr } = await finish(command(out));
    assert.equal(code, 0, stderr);
    resumed ||= (JSON.parse(stdout) as { resumed: boolean }).resumed;
    assert.deepEqual(contents(out), expected);
    assert.deepEqual(hidden(parent), []);
    assert.ok(kills >= 3, `${kills} kills`);
    assert.ok(resumed, "a build went on from an earlier one");
  });
  it("goes on after an interruption at any stage, with the same bytes", async () => {
    const reference = join(home, "stages-reference");
    await buildDataset({ sources: [input], out: reference });
    const expected = contents(reference);
    for (const stage of ["read", "compare", "clean", "split", "write"] as const) {
      const out = join(mkdtempSync(join(home, "stage-")), "out");
      const stop = new AbortController();
      const options: BuildOptions = { sources: [input], out };
      let calls = 0;
      await assert.rejects(
        buildDataset({ ...options, signal: stop.signal, onProgress: (progress) => { if (progress.stage === stage && ++calls === 2) stop.abort(); } }),
        (error) => error instanceof Error && error.name === "AbortError");
      assert.equal(existsSync(out), false, stage);
      const { resumed } = await buildDataset(options);
      assert.equal(resumed, true, stage);
      assert.deepEqual(contents(out), expected, stage);
    }
  });
  it("does not mix work of other settings or sources, and removes it in the end", async () => {
    const parent = mkdtempSync(join(home, "mix-"));
    const out = join(parent, "out");
    const stop = new AbortController();
    await assert.rejects(buildDataset({ sources: [input], out, threshold: 0.5, signal: stop.signal, onProgress: ({ stage }) => { if (stage === "clean") stop.abort(); } }));
    assert.equal(hidden(parent).length, 1);
    const { resumed } = await buildDataset({ sources: [input], out });
    assert.equal(resumed, false);
    assert.deepEqual(contents(out), contents(join(home, "stages-reference")));
    assert.deepEqual(hidden(parent), []);
  });
  it("leaves no work behind when it failed for good, and clears work that was abandoned", async () => {
    const parent = mkdtempSync(join(home, "failed-"));
    const out = join(parent, "out");
    const cutShort = async (threshold: number): Promise<void> => {
      const stop = new AbortController();
      await assert.rejects(buildDataset({ sources: [old], out, threshold, signal: stop.signal, onProgress: ({ stage }) => { if (stage === "clean") stop.abort(); } }));
    };
    await cutShort(0.5);
    const [abandoned = ""] = hidden(parent);
    await cutShort(0.6);
    const works = hidden(parent);
    assert.equal(works.length, 2, "work that can be gone on with stays");
    utimesSync(join(parent, abandoned, "state.json"), new Date(0), new Date(0));
    await assert.rejects(buildDataset({ sources: [old], out, split: { counts: [1_000_000] }, splitNames: ["all"] }), /ask for 1,?000,?000 rows/);
    await assert.rejects(buildDataset({ sources: [old], out, stratify: "nowhere" }), /stratify by/);
    assert.deepEqual(hidden(parent), works.filter((name) => name !== abandoned));
    await buildDataset({ sources: [old], out });
    assert.deepEqual(hidden(parent), []);
  });
  it("does not ask the teacher again for pairs that it has", async () => {
    const parent = mkdtempSync(join(home, "pairs-"));
    const document = join(parent, "doc.txt");
    writeFileSync(document, Array.from({ length: 12 }, (_, i) => `${`part${i} `.repeat(60)}`).join("\n\n"));
    let asked = 0;
    const options: BuildOptions = {
      sources: [document], out: join(parent, "out"), chunks: { maxChars: 500 }, pairConcurrency: 1,
      pairWriter: async (chunk) => {
        asked++;
        return [{ messages: [{ role: "user", content: `about ${chunk.text.slice(0, 30)}` }, { role: "assistant", content: chunk.text }], extra: {} }];
      },
    };
    const failing: BuildOptions = { ...options, pairWriter: async (chunk, context) => {
      if (asked === 7) throw new Error("the budget is spent");
      return (await options.pairWriter?.(chunk, context)) ?? [];
    } };
    await assert.rejects(buildDataset(failing), /budget/);
    assert.equal(asked, 7);
    const { report, resumed } = await buildDataset(options);
    assert.equal(asked, 12);
    assert.equal(resumed, true);
    assert.equal(report.rows.in, 12);
  });
});

describe("the lock", () => {
  it("keeps a second build out, and is taken over when its process is gone", async () => {
    const parent = mkdtempSync(join(home, "lock-"));
    const out = join(parent, "out");
    const child = command(out);
    const done = finish(child);
    while (!existsSync(join(parent, ".out.lock"))) await setTimeout(5);
    await assert.rejects(buildDataset({ sources: [old], out }), (error) => error instanceof BuildError && error.message.includes(`process ${child.pid}`));
    child.kill("SIGKILL");
    await done;
    assert.ok(existsSync(join(parent, ".out.lock")));
    await buildDataset({ sources: [old], out });
    assert.deepEqual(hidden(parent), []);
  });
  it("tells a process from a later one with its number", async (t) => {
    if (!existsSync("/proc/self/stat")) return t.skip("needs /proc");
    const parent = mkdtempSync(join(home, "lock-"));
    writeFileSync(join(parent, ".out.lock"), JSON.stringify({ pid: process.ppid, host: hostname(), started: "1" }));
    await buildDataset({ sources: [old], out: join(parent, "out") });
  });
  it("of another machine is not taken over", async () => {
    const parent = mkdtempSync(join(home, "lock-"));
    writeFileSync(join(parent, ".out.lock"), JSON.stringify({ pid: 1, host: "elsewhere", started: "" }));
    await assert.rejects(buildDataset({ sources: [old], out: join(parent, "out") }), /on elsewhere.*remove/);
  });
});

describe("an output moved aside by a build that was killed while publishing", () => {
  it("is put back by the next build, also when that fails", async () => {
    const parent = mkdtempSync(join(home, "aside-"));
    const out = join(parent, "out");
    await buildDataset({ sources: [old], out });
    const before = contents(out);
    renameSync(out, join(parent, ".out.previous"));
    await assert.rejects(buildDataset({ sources: [join(parent, "nothing")], out }));
    assert.deepEqual(contents(out), before);
    cpSync(out, join(parent, ".out.previous"), { recursive: true });
    await buildDataset({ sources: [old], out });
    assert.deepEqual(contents(out), before);
    assert.deepEqual(hidden(parent), []);
  });
});

describe("an interrupted command", () => {
  it("exits with 130 and writes nothing", async () => {
    const out = join(mkdtempSync(join(home, "int-")), "out");
    const child = command(out);
    const done = finish(child);
    while (!existsSync(join(out, "..", ".out.lock"))) await setTimeout(5);
    child.kill("SIGINT");
    const { code } = await done;
    assert.equal(code, 130);
    assert.equal(existsSync(out), false);
    assert.deepEqual(hidden(join(out, "..")).filter((name) => name.endsWith(".lock")), []);
  });
});
