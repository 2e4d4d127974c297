/** Personal data and secrets: what is done with a find, the kinds beyond the default, the labelled set, models. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import {
  buildDataset, DEFAULT_PII_KINDS, findPii, maskExample, maskPii, NerError, openNer, parsePiiKinds, PII_KINDS, PII_MASKS, Pseudonyms, readReport,
  type Example, type NerPipeline, type PiiKind,
} from "llmops/data";
import { LABELS_FILE, makeLabels, readLabels, toLine } from "./bench/pii/labels.ts";
import { score } from "./bench/pii/score.ts";
import { ROOT, scratch } from "./support/scratch.ts";

const found = (text: string, kinds: readonly PiiKind[] = PII_KINDS): [PiiKind, string][] => findPii(text, { kinds }).map((match) => [match.kind, match.text]);
/** A key in two pieces: no scanner takes this file for a leak. */
const key = (...parts: string[]): string => parts.join("");

describe("kinds beyond the default", () => {
  const hits: [text: string, kind: PiiKind, value: string][] = [
    ["DNI 12345678Z", "national-id", "12345678Z"], ["NIE X1234567L", "national-id", "X1234567L"], ["codice fiscale RSSMRA85T10A562S", "national-id", "RSSMRA85T10A562S"],
    ["CPF 111.444.777-35", "national-id", "111.444.777-35"], ["hetu 131052-308T", "national-id", "131052-308T"], ["身份证 11010519491231002X", "national-id", "11010519491231002X"],
    ["PESEL 44051401359", "national-id", "44051401359"], ["NHS number 943 476 5919", "national-id", "943 476 5919"], ["BSN 111222333", "national-id", "111222333"],
    ["Steuer-ID 86095742719", "national-id", "86095742719"], ["Aadhaar 2341 2341 2346", "national-id", "2341 2341 2346"], ["SIN 046 454 286", "national-id", "046 454 286"],
    ["personnummer 811218-9876", "national-id", "811218-9876"], ["NIR 1 85 05 78 006 084 91", "national-id", "1 85 05 78 006 084 91"],
    ["Send it to 221B Baker Street, London NW1 6XE.", "address", "221B Baker Street, London NW1 6XE"], ["at 1600 Pennsylvania Ave, Washington, DC 20500 today", "address", "1600 Pennsylvania Ave, Washington, DC 20500"],
    ["wohnt Hauptstraße 5b, 50667 Köln", "address", "Hauptstraße 5b, 50667 Köln"], ["au 12 bis rue de Rivoli, 75001 Paris", "address", "12 bis rue de Rivoli, 75001 Paris"], ["en Calle Mayor, 12, 28013 Madrid", "address", "Calle Mayor, 12, 28013 Madrid"],
    ["PO Box 1234", "address", "PO Box 1234"], ["my name is Ada Lovelace, hello", "person", "Ada Lovelace"], ["Dear Mr Turing,", "person", "Turing"], ["Best regards,\nGrace Hopper", "person", "Grace Hopper"],
    ["Sehr geehrte Frau Dr. Meitner,", "person", "Meitner"], ["je m'appelle Émilie du Châtelet", "person", "Émilie du Châtelet"],
    [`token ${key("np", "m_", "a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8")}`, "secret", key("np", "m_", "a1B2c3D4e5F6g7H8i9J0a1B2c3D4e5F6g7H8")],
    [`bot ${key("110201543", ":AA", "HdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")}`, "secret", key("110201543", ":AA", "HdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")],
    ["DB_PASSWORD=hunter2-Hunter2", "secret", "hunter2-Hunter2"], ["the password is Xy7#kk2pQ.", "secret", "Xy7#kk2pQ"],
    ["Server=db;User Id=sa;Password=letmein;", "url-credentials", "letmein"],
  ];
  for (const [text, kind, value] of hits) it(`${kind}: ${text.slice(0, 60)}`, () => assert.deepEqual(found(text), [[kind, value]]));

  const misses = [
    "DNI 12345678A", "codice fiscale RSSMRA85T10A562T", "CPF 111.444.777-36", "44051401359", "111222333 rows", "the password is at least 12 characters", "password=<your-password>", "API_KEY=${API_KEY}",
    "token: 550e8400-e29b-41d4-a716-446655440000", "Dear all,", "Best regards to everyone", "my name is on the list", "Arbeitsplatz 12", "Das Training 5", "3 places restantes", "12 new street lights", "sk-learn-classification-pipeline-2026", "Madame, Monsieur,", "commit 4f2a9c81d3e5b7a6c8d9e0f1a2b3c4d5e6f70812",
  ];
  for (const text of misses) it(`nothing in: ${text}`, () => assert.deepEqual(found(text), []));

  it("are not looked for unless named", () => {
    assert.deepEqual(PII_KINDS.filter((kind) => !DEFAULT_PII_KINDS.includes(kind)), ["national-id", "address", "person"]);
    assert.deepEqual(findPii("Dear Mr Turing, DNI 12345678Z, 10 Downing Street"), []);
  });
});

describe("actions", () => {
  it("hash: one pseudonym for one value in all its spellings, another for another value, another salt or another kind", () => {
    const pseudonyms = new Pseudonyms("0123456789abcdef");
    const mask = (text: string, by = pseudonyms): string => maskPii(text, { mode: "hash", pseudonyms: by }).text;
    const once = mask("a@b.io");
    assert.match(once, /^\[EMAIL:[0-9a-f]{12}\]$/);
    assert.equal(mask("A@B.io"), once);
    assert.equal(mask("a@b.io", new Pseudonyms("0123456789abcdef")), once);
    assert.notEqual(mask("a@b.io", new Pseudonyms("another salt, 16 bytes")), once);
    assert.notEqual(mask("a@b.com"), once);
    assert.equal(mask("+1 (415) 555-2671"), mask("415-555-2671"));
    assert.equal(mask("DE89 3704 0044 0532 0130 00"), mask("DE89370400440532013000"));
    assert.equal(mask("2001:db8:0:0:0:ff00:42:8329"), mask("2001:DB8::ff00:42:8329"));
    assert.equal(mask(once), once, "a pseudonym is not hashed again");
    assert.notEqual(maskPii("a@b.io", { mode: "hash" }).text, maskPii("a@b.io", { mode: "hash" }).text, "without a salt, one is drawn");
  });
  it("a salt that can be guessed is refused with the remedy", () => assert.throws(() => new Pseudonyms("secret"), /needs at least 16: draw one with "openssl rand -hex 32"/));

  it("each kind has its own: mask, hash, drop, off", () => {
    const text = "a@b.io, 415-555-2671, 203.0.113.9";
    const { text: masked, counts } = maskPii(text, { kinds: { email: "mask", phone: "off", ip: "hash" } });
    assert.match(masked, /^\[EMAIL\], 415-555-2671, \[IP:[0-9a-f]{12}\]$/);
    assert.deepEqual(counts, { email: 1, ip: 1 });
    assert.deepEqual(maskPii(text, { kinds: { ip: "drop", email: "mask" } }), { text, counts: { email: 1, ip: 1 }, drop: true });
    const row: Example = { messages: [{ role: "user", content: text }, { role: "assistant", content: "ok" }], extra: {} };
    assert.deepEqual([maskExample(row, { kinds: { ip: "drop" } }).drop, maskExample(row, { kinds: { ssn: "drop" } }).drop], [true, false]);
  });
  it("reads a choice as a command gives it, and names what it does not know", () => {
    assert.deepEqual(parsePiiKinds("email, phone=hash,ssn=drop,ip=off", "mask"), { email: "mask", ssn: "drop", phone: "hash" });
    assert.equal(Object.keys(parsePiiKinds("all", "hash")).length, PII_KINDS.length);
    assert.throws(() => parsePiiKinds("mail", "mask"), /"mail" is no kind of personal data: use secret, /);
    assert.throws(() => parsePiiKinds("email=burn", "mask"), /"burn" cannot be done with email: use mask, hash, drop, off/);
  });
});

describe("masking any text", () => {
  const samples = readLabels().flatMap(({ text, spans }) => [...spans.map(({ start, end }) => text.slice(start, end)), text]);
  const masks = Object.values(PII_MASKS).flatMap((mask) => [mask, `${mask.slice(0, -1)}:0123456789ab]`]);
  const piece = fc.oneof(fc.constantFrom(...samples), fc.constantFrom(...masks), fc.constantFrom(" ", "", "-", ".", ":", "/", "@", "1", "x", "\n", "phone ", "password=", "Mr ", "my name is ", "😀", "\uD800"), fc.string({ maxLength: 12 }));
  const text = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(""));
  const pseudonyms = new Pseudonyms("0123456789abcdef");

  it("twice is once, whatever the kinds", () => {
    fc.assert(fc.property(text, fc.constantFrom("mask" as const, "hash" as const), fc.subarray([...PII_KINDS]), (given, mode, kinds) => {
      const once = maskPii(given, { mode, kinds, pseudonyms }).text;
      const twice = maskPii(once, { mode, kinds, pseudonyms });
      assert.equal(twice.text, once);
      assert.deepEqual(twice.counts, {});
    }), { numRuns: 1500, seed: 1 });
  });
  it("finds lie in the text, in order, apart, and hold what they say", () => {
    fc.assert(fc.property(text, (given) => {
      let end = 0;
      for (const match of findPii(given, { kinds: PII_KINDS })) {
        assert.ok(match.start >= end && match.end > match.start && match.end <= given.length);
        assert.equal(given.slice(match.start, match.end), match.text);
        end = match.end;
      }
    }), { numRuns: 1500, seed: 2 });
  });
  it("leaves what is outside of finds as it is", () => {
    fc.assert(fc.property(text, (given) => {
      const masked = maskPii(given, { kinds: PII_KINDS }).text;
      // The rounds may find more than the first look: what stays must be the text without some of its parts, in order.
      let from = 0;
      for (const part of masked.split(new RegExp(Object.values(PII_MASKS).map((mask) => mask.replace(/[[\]]/g, "\\$&")).join("|")))) {
        const at = given.indexOf(part, from);
        assert.ok(at >= 0, JSON.stringify([given, masked, part]));
        from = at + part.length;
      }
    }), { numRuns: 1500, seed: 3 });
  });
  it("takes time in proportion to the text", () => {
    for (const part of ["a@", "1.", "1-", "::", "password=", "Aa ", "sk-", "https://a:", "my name is ", "12 Main ", "\n", "-----BEGIN PRIVATE KEY-----", "0 "]) {
      const began = performance.now();
      maskPii(part.repeat(100_000 / part.length), { kinds: PII_KINDS });
      assert.ok(performance.now() - began < 5000, JSON.stringify(part));
    }
  });
});

describe("the labelled set", () => {
  it("is what its generator makes", () => assert.equal(readFileSync(LABELS_FILE, "utf8"), `${makeLabels().map(toLine).join("\n")}\n`));
  it("has more harmless texts than others in each half, and spans that fit", () => {
    for (const half of ["tune", "held-out"]) {
      const rows = readLabels().filter((row) => row.half === half);
      assert.ok(rows.filter(({ spans }) => spans.length === 0).length >= rows.length / 2);
      for (const { text, spans } of rows) for (const { start, end } of spans) assert.ok(start < end && end <= text.length && text.slice(start, end).trim() !== "");
    }
  });
  it("shows no whole key to a scanner: none is found in the file's own lines", () => {
    const lines = readFileSync(LABELS_FILE, "utf8").split("\n").filter((line) => line.includes('"text":['));
    assert.ok(lines.length > 150);
    const shown = lines.flatMap((line) => findPii(line, { kinds: ["secret"] }).map((match) => match.text)).filter((text) => /^(?:sk-|gh[pousr]_|glpat|AKIA|AIza|xox|[rs]k_|hf_|npm_|pypi|SG\.|SK|eyJ|-----BEGIN|shpat|dckr|hvs|dapi|dop)/.test(text));
    assert.deepEqual(shown, []);
  });
  it("the tuning half: precision and recall of every kind at least 0.85, of all together 0.97", () => {
    const { scores } = score(readLabels().filter(({ half }) => half === "tune"), ({ text }) => findPii(text, { kinds: PII_KINDS }));
    for (const { kind, hit, labels, right, finds } of scores) {
      const least = kind === "all" ? 0.97 : 0.85;
      assert.ok(hit / labels >= least && right / finds >= least, `${kind}: recall ${hit}/${labels}, precision ${right}/${finds}`);
    }
  });
});

describe("a build", () => {
  const row = (content: string): string => JSON.stringify({ messages: [{ role: "user", content }, { role: "assistant", content: `Noted: ${content.length}` }] });
  const rows = [row("mail a@b.io about the fence paint"), row("remind a@b.io of the quarterly numbers, all of them"), row("my SSN is 123-45-6789, keep it safe for the tax form"), row("plain task number one, water the plants")];
  const options = { split: { fractions: [1] }, splitNames: ["train"], fuzzy: false } as const;

  test("hashes with a salt that no file holds, drops by kind, and says so in report, manifest and Markdown", async (context) => {
    const folder = scratch(context);
    writeFileSync(join(folder, "in.jsonl"), rows.join("\n"));
    const salt = "a salt of this test, long enough";
    const build = (out: string, piiSalt?: string) => buildDataset({ ...options, sources: [join(folder, "in.jsonl")], out: join(folder, out), pii: "hash", piiKinds: { email: "hash", ssn: "drop" }, ...(piiSalt === undefined ? {} : { piiSalt }) });
    const { out, report, manifest } = await build("one", salt);
    const train = readFileSync(join(out, "train.jsonl"), "utf8");
    const codes = [...train.matchAll(/\[EMAIL:([0-9a-f]{12})\]/g)].map(([, code]) => code);
    assert.equal(codes.length, 2);
    assert.equal(codes[0], codes[1], "the same address is the same person");
    assert.deepEqual([report.pii.mode, report.pii.kinds, report.pii.actions, report.rows.out], ["hash", { email: 2, ssn: 1 }, { email: "hash", ssn: "drop" }, 3]);
    assert.deepEqual((await readReport(out)).pii, report.pii);
    assert.deepEqual([manifest.settings["piiSalt"], manifest.settings["piiKinds"]], ["given", { email: "hash", ssn: "drop" }]);
    assert.match(readFileSync(join(out, "data_report.md"), "utf8"), /treated by kind.*Looked for: email \(hash\), ssn \(drop\)[\s\S]*Pseudonyms are not anonymity/);
    for (const name of readdirSync(out, { recursive: true, encoding: "utf8" })) if (name.includes(".")) assert.ok(!readFileSync(join(out, name)).includes(salt));
    assert.equal(readFileSync(join((await build("two", salt)).out, "train.jsonl"), "utf8"), train, "the same salt makes the same bytes");
    const drawn = await build("three");
    assert.notEqual(readFileSync(join(drawn.out, "train.jsonl"), "utf8"), train);
    assert.equal(drawn.manifest.settings["piiSalt"], "drawn");
    assert.deepEqual(readdirSync(folder).filter((name) => name.startsWith(".")), [], "the drawn salt is gone with the work folder");
  });
  test("cut short, goes on with the salt it drew", async (context) => {
    const folder = scratch(context);
    writeFileSync(join(folder, "in.jsonl"), rows.join("\n"));
    const stop = new AbortController();
    const build = (more: object) => buildDataset({ ...options, sources: [join(folder, "in.jsonl")], out: join(folder, "out"), pii: "hash", ...more });
    await assert.rejects(build({ signal: stop.signal, onProgress: ({ stage }: { stage: string }) => stage === "split" && stop.abort() }));
    const work = readdirSync(folder).find((name) => name.startsWith(".out.build-")) ?? "";
    const pseudonym = new Pseudonyms(readFileSync(join(folder, work, "pii.salt"))).of("email", "a@b.io");
    const { resumed, out } = await build({});
    assert.ok(resumed);
    assert.equal(readFileSync(join(out, "train.jsonl"), "utf8").split(pseudonym).length, 3);
  });
  test("by the command: kinds and actions from options, the salt from the environment, a wrong kind named", (context) => {
    const folder = scratch(context);
    writeFileSync(join(folder, "in.jsonl"), rows.join("\n"));
    const salt = "a salt of this test, long enough";
    const llmops = (...args: string[]) => spawnSync(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "data", "build", "in.jsonl", "--out", "out", "--split", "1", "--split-names", "train", "--no-fuzzy", ...args], { cwd: folder, encoding: "utf8", env: { ...process.env, LLMOPS_PII_SALT: salt } });
    const built = llmops("--pii", "hash", "--pii-kinds", "email,ssn=drop", "--json");
    assert.equal(built.status, 0, built.stderr);
    const { report } = JSON.parse(built.stdout) as { report: { pii: object } };
    assert.deepEqual(report.pii, { mode: "hash", actions: { email: "hash", ssn: "drop" }, rows: 3, kinds: { email: 2, ssn: 1 } });
    assert.ok(readFileSync(join(folder, "out/train.jsonl"), "utf8").includes(new Pseudonyms(salt).of("email", "a@b.io")));
    const wrong = llmops("--pii-kinds", "mail");
    assert.deepEqual([wrong.status, /--pii-kinds: "mail" is no kind of personal data: use secret, /.test(wrong.stderr)], [2, true]);
  });
  test("refuses a salt that nothing uses, and asks a model where one is given", async (context) => {
    const folder = scratch(context);
    writeFileSync(join(folder, "in.jsonl"), [row("ask Grace about the fence"), row("nothing here")].join("\n"));
    const sources = [join(folder, "in.jsonl")];
    await assert.rejects(buildDataset({ ...options, sources, out: join(folder, "a"), piiSalt: "0123456789abcdef" }), /a salt was given and nothing is hashed/);
    const piiModel = await openNer({ model: "test/names", pipeline: names(["Grace"]) });
    const { out, report, manifest } = await buildDataset({ ...options, sources, out: join(folder, "b"), piiKinds: ["person"], piiModel });
    assert.match(readFileSync(join(out, "train.jsonl"), "utf8"), /ask \[PERSON\] about the fence/);
    assert.deepEqual([report.pii.kinds, manifest.settings["piiModel"]], [{ person: 1 }, "test/names@0.8"]);
  });
});

/** A stand-in for a model's pipeline: words are tokens, long ones two, and those of the list are persons. */
function names(people: readonly string[]): NerPipeline {
  return (text) => Promise.resolve([...text.matchAll(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu)].flatMap(([word], i) => {
    const person = people.includes(word);
    const pieces = word.length > 4 ? [word.slice(0, 3), `##${word.slice(3)}`] : [word];
    return pieces.map((piece, p) => ({ entity: person ? (p === 0 ? "B-PER" : "I-PER") : "O", score: person ? 0.99 : 0.999, word: piece, index: i }));
  }));
}

describe("openNer", () => {
  it("says what it would download and from where, and downloads nothing", async () => {
    await assert.rejects(openNer({ model: "Xenova/bert-base-NER" }), (error: Error) => {
      assert.ok(error instanceof NerError);
      assert.match(error.message, /would be downloaded from https:\/\/huggingface\.co\/Xenova\/bert-base-NER: .*onnx\/model_quantized\.onnx.*Nothing was downloaded.*allowDownload: true, or name a folder/);
      return true;
    });
  });
  it("names the file that a folder lacks", async (context) => {
    const folder = scratch(context);
    await assert.rejects(openNer({ model: "m", folder }), /config\.json: is missing from the model's folder; copy/);
    for (const file of ["config.json", "tokenizer.json"]) writeFileSync(join(folder, file), "{}");
    mkdirSync(join(folder, "onnx"));
    await assert.rejects(openNer({ model: "m", folder }), /onnx: holds no \.onnx file/);
  });
  it("joins the pieces of words and names, over chunks, with offsets in the whole text", async () => {
    const { find } = await openNer({ model: "m", pipeline: names(["Grace", "Hopper", "Wolfgang"]) });
    const text = `${"Some words before the name. ".repeat(40)}Ask Grace Hopper or Wolfgang, and Anna. ${"More words after it. ".repeat(30)}Bye, Grace.`;
    const matches = await find(text);
    assert.deepEqual(matches.map((match) => match.text), ["Grace", "Hopper", "Wolfgang", "Grace"]);
  });
  it("follows tokens with offsets, without capitals, and leaves weak finds out", async () => {
    const tokens = [{ entity: "B-PER", score: 0.9, word: "éva", start: 4, end: 7 }, { entity: "I-PER", score: 0.9, word: "kiss", start: 8, end: 12 }, { entity: "O", score: 1, word: "in" }, { entity: "B-LOC", score: 1, word: "pécs" }, { entity: "O", score: 1, word: "with" }, { entity: "B-PER", score: 0.4, word: "may" }];
    const { find } = await openNer({ model: "m", pipeline: () => Promise.resolve(tokens) });
    assert.deepEqual((await find("Meet Éva Kiss in Pécs with May".replace("Meet ", "See "))).map((match) => match.text), ["Éva Kiss"]);
  });
});
