/** Versions of datasets: publishing, references, damage, publishers at once and killed ones. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { maxSatisfying } from "semver";
import { buildDataset, checkoutVersion, listVersions, parseReference, publishVersion, resolveVersion, verifyVersion, VersionError, writeDatasetCard } from "llmops/data";
import { random } from "./bench/mixed-rows.ts";
import { base, jsonl, LLMOPS, llmops, quick, row, rows, write, type Row } from "./fixtures/datasets.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const code = (wanted: string, message?: RegExp) => (error: unknown): boolean => error instanceof VersionError && error.code === wanted && (message?.test(error.message) ?? true);

describe("the content of a dataset", () => {
  const value = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }).map((held) => JSON.parse(JSON.stringify(held)) as Row);
  const reversed = (given: unknown): unknown =>
    Array.isArray(given) ? given.map(reversed)
      : typeof given === "object" && given !== null ? Object.fromEntries(Object.entries(given).reverse().map(([key, inner]) => [key, reversed(inner)])) : given;

  test("is the same whatever the folder, the files, gzip, line ends, spaces and the order of keys", async (context) => {
    const folder = scratch(context);
    let run = 0;
    await fc.assert(fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 6 }), fc.array(value, { maxLength: 3 }), async (train, other) => {
      const here = join(folder, String(run++));
      const a = write(join(here, "a"), { train, test: other });
      const b = join(here, "elsewhere", "b");
      mkdirSync(join(b, "data"), { recursive: true });
      // Written otherwise: keys reversed, CRLF, spaces, gzip, two shards, another order of files.
      const line = (held: Row): string => JSON.stringify(reversed(held), null, 1).replace(/\n */g, " ");
      writeFileSync(join(b, "a_test.jsonl"), other.map((held) => ` ${line(held)}\r\n\r\n`).join(""));
      const cut = Math.floor(train.length / 2);
      writeFileSync(join(b, "data", "train-00000-of-00002.jsonl"), train.slice(0, cut).map(line).join("\n"));
      writeFileSync(join(b, "data", "train-00001-of-00002.jsonl.gz"), gzipSync(train.slice(cut).map(line).join("\n")));
      const diff = await quick(a, b);
      assert.equal(diff.a.content, diff.b.content);
      assert.equal(diff.same, true);
      assert.deepEqual([diff.rows.unchanged, diff.rows.added, diff.rows.removed, diff.rows.changed, diff.rows.moved], [train.length + other.length, 0, 0, 0, 0]);
    }), { numRuns: 40 });
  });

  test("is another when a value, the order of rows, or a split is", async (context) => {
    const folder = scratch(context);
    const { train, test: tests } = base();
    const a = write(join(folder, "a"), { train, test: tests });
    const others = {
      value: { train: [{ ...train[0], id: "other" }, ...train.slice(1)], test: tests },
      order: { train: [...train].reverse(), test: tests },
      field: { train: [{ ...train[0], more: 1 }, ...train.slice(1)], test: tests },
      split: { train, eval: tests },
      moved: { train: [...train, ...tests.slice(0, 1)], test: tests.slice(1) },
    };
    const seen = new Set([(await quick(a, a)).a.content]);
    for (const [name, splits] of Object.entries(others)) {
      const diff = await quick(a, write(join(folder, name), splits));
      assert.equal(diff.same, false, name);
      seen.add(diff.b.content);
      assert.deepEqual([diff.rows.reordered, diff.bump.bump], [name === "order", name === "order" || name === "value" ? "patch" : name === "field" ? "minor" : "major"], name);
    }
    assert.equal(seen.size, 6);
  });

  test("tells large integers apart that a double cannot", async (context) => {
    const folder = scratch(context);
    for (const [name, big] of [["a", "12345678901234567890"], ["b", "12345678901234567891"]]) {
      mkdirSync(join(folder, name!));
      writeFileSync(join(folder, name!, "train.jsonl"), `{"id":"x","n":${big}}\n`);
    }
    assert.equal((await quick(join(folder, "a"), join(folder, "b"))).same, false);
  });
});

describe("references and ranges", () => {
  test("any text is a reference or refused with a VersionError, and a reference's parts come back", () => {
    const part = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
    fc.assert(fc.property(fc.option(part), part, fc.nat(99), fc.nat(99), fc.nat(99), (project, name, major, minor, patch) => {
      const full = project === null ? name : `${project}/${name}`;
      assert.deepEqual(parseReference(`ds://${full}@${major}.${minor}.${patch}`), { name: full, wanted: `${major}.${minor}.${patch}` });
      assert.deepEqual(parseReference(`ds://${full}`), { name: full, wanted: "latest" });
    }));
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `ds://${text}`), fc.string().map((text) => `ds://a@${text}`)), (text) => {
      try {
        assert.match(parseReference(text).name, /^[a-z0-9]/);
      } catch (error) {
        assert.ok(error instanceof VersionError && error.code === "bad-reference", String(error));
      }
    }));
    for (const bad of ["ds://../x", "ds://A", "ds://a/b/c", "ds://a@", "ds://a@two", "ds://a@sha256:12", "task-api", "ds://a@1.2.0 ||| 2"]) assert.throws(() => parseReference(bad), code("bad-reference"), bad);
  });

  test("a range means the highest published version in it, and no prerelease that it does not name", async (context) => {
    const folder = scratch(context);
    const store = join(folder, "store");
    const published = ["1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0-rc.1", "3.1.4"];
    // In another order than that of the numbers: a correction of an old line is published late.
    for (const [n, version] of ["1.2.0", "1.0.0", "3.1.4", "1.0.1", "2.0.0-rc.1", "1.10.0"].entries()) {
      await publishVersion(write(join(folder, "d"), { train: rows(0, 5 + n) }), { name: "a", version, store });
    }
    assert.deepEqual(listVersions("a", { store }).map(({ version }) => version), published);
    const resolved = (wanted: string): string | undefined => {
      try {
        return resolveVersion(`ds://a@${wanted}`, { store }).version;
      } catch (error) {
        assert.ok(code("not-found", /there are 1\.0\.0, 1\.0\.1/)(error), String(error));
        return undefined;
      }
    };
    const number = fc.nat(4);
    const version = fc.tuple(number, fc.nat(11), number).map((numbers) => numbers.join("."));
    const range = fc.oneof(version, version.map((v) => `^${v}`), version.map((v) => `~${v}`), version.map((v) => `>=${v}`), version.map((v) => `<${v}`), number.map((n) => `${n}.x`), fc.tuple(version, version).map(([a, b]) => `${a} || ^${b}`));
    fc.assert(fc.property(range, (wanted) => {
      assert.equal(resolved(wanted), maxSatisfying(published, wanted) ?? undefined, wanted);
    }), { numRuns: 60 });
    assert.deepEqual(["^1.0", "~1.0.0", "1.x", "latest", "*", "^2.0.0-rc.0", "^4"].map(resolved), ["1.10.0", "1.0.1", "1.10.0", "3.1.4", "3.1.4", "2.0.0-rc.1", undefined]);
    const { content } = resolveVersion("ds://a@1.2.0", { store });
    assert.equal(resolved(`sha256:${content.slice(0, 10)}`), "1.2.0");
    assert.deepEqual(resolveVersion("ds://a@1.10.0", { store }).parent?.version, "1.2.0", "compared with the version below it");
  });
});

describe("a published version", () => {
  test("goes through publish, list, show, checkout and verify; the same rows are refused", async (context) => {
    const folder = scratch(context);
    writeFileSync(join(folder, "raw.jsonl"), `${jsonl(rows(0, 40))}{broken\n`);
    const { out } = await buildDataset({ sources: [join(folder, "raw.jsonl")], out: join(folder, "datasets", "task"), stratify: "operation" });
    await writeDatasetCard(out, { title: "T", about: "A.", license: "apache-2.0", language: ["en"], origin: "O.", fields: {}, limits: [] });
    const card = readFileSync(join(out, "README.md"), "utf8");
    const dry = llmops(folder, "version", "publish", "datasets/task", "--name", "support/task", "--dry-run");
    assert.match(dry.stdout, /Would publish ds:\/\/support\/task@1\.0\.0, the first version/);
    assert.equal(llmops(folder, "version", "list").stdout, "No versions.\n");
    const published = llmops(folder, "version", "publish", "datasets/task", "--name", "support/task", "-m", "first light");
    assert.equal(published.status, 0, published.stderr);
    assert.match(published.stderr, /rejected\.jsonl is left out/);
    assert.match(llmops(folder, "version", "list").stdout, /ds:\/\/support\/task@1\.0\.0 .* 40 .* first light/);

    const shown = JSON.parse(llmops(folder, "version", "show", "ds://support/task@^1", "--json").stdout) as { content: string; build: { settings: { pii: string }; sources: { sha256: string }[]; changedSince: string[] }; splits: { name: string; rows: number }[] };
    assert.deepEqual(shown.splits.map(({ name, rows: count }) => [name, count]), [["train", 32], ["val", 4], ["test", 4]]);
    assert.deepEqual([shown.build.settings.pii, shown.build.sources.length, shown.build.changedSince], ["mask", 1, []]);

    // The card says which version it is, in the store and in the folder; nothing else of the folder changed.
    const stamped = readFileSync(join(out, "README.md"), "utf8");
    assert.match(stamped, new RegExp(`## Version\\n\\n\`ds://support/task@1\\.0\\.0\`, published on \\d{4}-\\d\\d-\\d\\d\\. SHA-256 of the rows: \`${shown.content}\``));
    assert.equal(stamped.replace(/## Version\n[^#]*/, ""), card);

    const checkout = llmops(folder, "version", "checkout", "ds://support/task", "--out", "copy");
    assert.equal(checkout.status, 0, checkout.stderr);
    const files = (of: string): string[] => readdirSync(of, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(of.length + 1)).sort();
    assert.deepEqual(files(join(folder, "copy")), files(out).filter((name) => name !== "rejected.jsonl"));
    for (const name of files(join(folder, "copy"))) assert.deepEqual(readFileSync(join(folder, "copy", name)), readFileSync(join(out, name)), name);
    assert.equal(llmops(folder, "version", "checkout", "ds://support/task", "--out", "copy").status, 2);
    assert.equal(llmops(folder, "version", "verify").status, 0);

    const again = llmops(folder, "version", "publish", "copy", "--name", "support/task", "--bump", "major");
    assert.deepEqual([again.status, /published already, as ds:\/\/support\/task@1\.0\.0/.test(again.stderr)], [2, true], again.stderr);
    assert.deepEqual(readdirSync(join(folder, "datasets", ".versions", "staging")), []);
    const json = JSON.parse(llmops(folder, "version", "verify", "support/tsk", "--json").stdout) as { ok: boolean; error: { code: string; message: string } };
    assert.deepEqual([json.ok, json.error.code, /there is support\/task/.test(json.error.message)], [false, "not-found", true]);
    assert.equal(readFileSync(join(folder, "datasets/.versions/versions/support+task/1.0.0.json"), "utf8").includes("broken"), false);
    const grep = spawnSync("grep", ["-rl", "{broken", join(folder, "datasets", ".versions")], { encoding: "utf8" });
    assert.equal(grep.stdout, "", "rejected rows are not in the store");
  });

  test("shares files with other versions, and a single file can be one", async (context) => {
    const folder = scratch(context);
    const store = join(folder, "store");
    const { train, test: tests } = base();
    await publishVersion(write(join(folder, "a"), { train, test: tests }), { name: "a", store });
    const objects = (): number => readdirSync(join(store, "objects"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
    assert.equal(objects(), 2);
    await publishVersion(write(join(folder, "a"), { train: [...train, row(90)], test: tests }), { name: "a", store });
    assert.equal(objects(), 3, "test.jsonl is there once");
    const { record } = await publishVersion(join(folder, "a", "train.jsonl"), { name: "b", store });
    assert.deepEqual([objects(), record.splits.map(({ name }) => name)], [3, ["train"]]);
  });

  test("cannot be replaced, and damage is found and named by file", async (context) => {
    const folder = scratch(context);
    const store = join(folder, "store");
    const { train, test: tests } = base();
    const a = write(join(folder, "a"), { train, test: tests });
    const { record } = await publishVersion(a, { name: "a", store });
    write(a, { train: [...train, row(91)], test: tests });
    await assert.rejects(publishVersion(a, { name: "a", version: "1.0.0", store }), code("exists", /never replaced/));
    await assert.rejects(publishVersion("ds://a@1.0.0", { name: "a", store }), code("not-publishable"));
    await assert.rejects(publishVersion(a, { name: "a", version: "1.0", store }), code("bad-reference", /three numbers/));

    const { sha256 } = record.files.find(({ name }) => name === "test.jsonl")!;
    const object = join(store, "objects", sha256.slice(0, 2), `${sha256.slice(2)}.jsonl`);
    const good = readFileSync(object);
    const rotten = Buffer.from(good);
    rotten[100] = rotten[100]! ^ 1;
    chmodSync(object, 0o644);
    writeFileSync(object, rotten);
    const verified = llmops(folder, "version", "verify", "--store", "store");
    assert.equal(verified.status, 1);
    assert.match(verified.stdout, /ds:\/\/a@1\.0\.0: DAMAGED\n {2}test\.jsonl is not as it was published \(.*\.jsonl\)/);
    assert.equal(verified.stdout.includes("train.jsonl"), false);
    await assert.rejects(checkoutVersion("ds://a", join(folder, "out"), { store }), code("damaged", /test\.jsonl/));
    assert.deepEqual(readdirSync(folder).sort(), ["a", "store"], "nothing is half written");
    assert.equal(llmops(folder, "diff", "ds://a", "a", "--store", "store").status, 1);
    rmSync(object);
    assert.deepEqual((await verifyVersion("ds://a@1.0.0", { store })).faults.map(({ file, fault }) => [file, fault]), [["test.jsonl", "is gone"]]);
    writeFileSync(object, good);
    assert.equal((await verifyVersion("ds://a@1.0.0", { store })).ok, true);

    const path = join(store, "versions", "a", "1.0.0.json");
    const told = readFileSync(path, "utf8");
    chmodSync(path, 0o644);
    writeFileSync(path, told.replace('"rows": 26', '"rows": 27'));
    assert.deepEqual((await verifyVersion("ds://a@1.0.0", { store })).ok, false);
    assert.throws(() => resolveVersion("ds://a", { store }), code("damaged", /1\.0\.0\.json/));
  });

  test("has a number that says what changed", async (context) => {
    const folder = scratch(context);
    const store = join(folder, "store");
    const { train, test: tests } = base();
    await publishVersion(write(join(folder, "base"), { train, test: tests }), { name: "a", store });
    const edited = (change: (held: Row) => Row): Row[] => train.map((held, n) => (n === 3 ? change(held) : held));
    const cases: [string, { train: Row[]; test: Row[] }, string, RegExp][] = [
      ["removed", { train: train.slice(1), test: tests }, "2.0.0", /1 row removed/],
      ["relabelled", { train: edited((held) => ({ ...held, operation: held.operation === "list" ? "create" : "list" })), test: tests }, "2.0.0", /1 row relabelled/],
      ["moved", { train: [...train, tests[0]!], test: tests.slice(1) }, "2.0.0", /1 row moved to another split/],
      ["field gone", { train: train.map(({ operation: _, ...rest }) => rest), test: tests }, "2.0.0", /operation is no longer in every row/],
      ["type", { train: edited((held) => ({ ...held, id: 3 })), test: tests }, "2.0.0", /the field id can be number, it was string/],
      ["added", { train: [...train, row(95)], test: tests }, "1.1.0", /^1 row added/],
      ["field new", { train: train.map((held) => ({ ...held, score: 0.5 })), test: tests }, "1.1.0", /the field score is new/],
      ["text", { train: edited((held) => ({ ...held, messages: (held["messages"] as Row[]).map((turn, n) => (n === 1 ? { ...turn, content: `${String(turn["content"])} indeed` } : turn)) })), test: tests }, "1.0.1", /1 row with corrected text/],
      ["order", { train: [...train].reverse(), test: tests }, "1.0.1", /another order/],
    ];
    for (const [name, splits, version, reason] of cases) {
      const { record, proposal, published } = await publishVersion(write(join(folder, name), splits), { name: "a", store, dryRun: true });
      assert.deepEqual([record.version, published], [version, false], name);
      assert.match(proposal.reasons.join("; "), reason, name);
    }
    const forced = llmops(folder, "version", "publish", "removed", "--name", "a", "--store", "store", "--bump", "patch");
    assert.match(forced.stdout, /ds:\/\/a@1\.0\.1/);
    assert.match(forced.stderr, /1\.0\.1 is a patch step from 1\.0\.0, and the difference asks for a major one \(1 row removed\)/);
  });

  test("is not made of rows that cannot be read, or of none", async (context) => {
    const folder = scratch(context);
    const store = join(folder, "store");
    mkdirSync(join(folder, "bad"));
    writeFileSync(join(folder, "bad", "train.jsonl"), `${jsonl(rows(0, 2))}{broken\n`);
    await assert.rejects(publishVersion(join(folder, "bad"), { name: "a", store }), /train\.jsonl: line 3 .*see all faults with llmops data validate/);
    await assert.rejects(publishVersion(write(join(folder, "none"), { train: [] }), { name: "a", store }), /holds no rows/);
    mkdirSync(join(folder, "empty"));
    await assert.rejects(publishVersion(join(folder, "empty"), { name: "a", store }), /holds no files of rows/);
    await assert.rejects(publishVersion(join(folder, "nowhere"), { name: "a", store }), /no such file or folder/);
    assert.deepEqual(listVersions(undefined, { store }), []);
  });
});

function publisher(folder: string, from: string): Promise<{ code: number | null; stdout: string; stderr: string }> & { child: ReturnType<typeof spawn> } {
  const child = spawn(process.execPath, [LLMOPS, "data", "version", "publish", from, "--name", "a", "--store", "store", "--json"], { cwd: folder });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => { stdout += String(text); });
  child.stderr.on("data", (text) => { stderr += String(text); });
  const done = once(child, "close").then(([status]) => ({ code: status as number | null, stdout, stderr }));
  return Object.assign(done, { child });
}

describe("publishers", () => {
  test("at once: every one gets its own version, and the same rows get one", async (context) => {
    const folder = scratch(context);
    for (const [n, name] of ["x", "y", "same1", "same2"].entries()) write(join(folder, name), { train: rows(0, 10 + Math.min(n, 2)) });
    const results = await Promise.all(["x", "y", "same1", "same2"].map((name) => publisher(folder, name)));
    const [refused, ...more] = results.filter(({ code: status }) => status !== 0);
    assert.equal(more.length, 0, JSON.stringify(results));
    assert.equal((JSON.parse(refused!.stdout) as { error: { code: string } }).error.code, "same-content");
    const store = join(folder, "store");
    const versions = listVersions("a", { store });
    assert.equal(versions.length, 3);
    assert.equal(new Set(versions.map(({ content }) => content)).size, 3);
    for (const [n, { parent }] of versions.entries()) assert.equal(parent?.version, versions[n - 1]?.version, "each was compared with the one before it");
    for (const { version } of versions) assert.equal((await verifyVersion(`ds://a@${version}`, { store })).ok, true);
    assert.deepEqual(readdirSync(join(store, "versions", "a")).filter((name) => !name.endsWith(".json")), []);
  });

  test("killed at any moment leave the store whole", async (context) => {
    const folder = scratch(context);
    const store = join(folder, "store");
    const { train } = base();
    await publishVersion(write(join(folder, "d"), { train }), { name: "a", store });
    write(join(folder, "d"), { train: rows(0, 3000) });
    const next = random(5);
    let kills = 0;
    const began = performance.now();
    const { code: whole } = await publisher(folder, "d");
    const took = performance.now() - began;
    assert.equal(whole, 0);
    for (let attempt = 0; attempt < 5; attempt++) {
      write(join(folder, "d"), { train: rows(0, 3001 + attempt) });
      const running = publisher(folder, "d");
      await Promise.race([setTimeout(took * (0.3 + 0.7 * next())), running]);
      running.child.kill("SIGKILL");
      if ((await running).code === null) kills++;
      const versions = listVersions("a", { store });
      for (const { version } of versions) assert.equal((await verifyVersion(`ds://a@${version}`, { store })).ok, true, version);
    }
    assert.ok(kills >= 2, `${kills} kills`);
    const before = listVersions("a", { store }).length;
    write(join(folder, "d"), { train: rows(0, 3100) });
    assert.equal((await publisher(folder, "d")).code, 0, "the next publisher takes over the lock");
    assert.equal(listVersions("a", { store }).length, before + 1);
  });
});

test("datasets/task-api is read as a dataset with three splits, and its copy is the same content", async (context) => {
  const folder = scratch(context);
  const source = join(ROOT, "datasets", "task-api");
  cpSync(source, join(folder, "copy"), { recursive: true });
  const diff = await quick(source, join(folder, "copy"));
  assert.equal(diff.same, true);
  assert.deepEqual(diff.a.splits, [{ name: "train", rows: 400 }, { name: "val", rows: 50 }, { name: "test", rows: 50 }]);
});
