/** Agent Skills: what the check says of a skill, by file, line and remedy; reading; the command. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { checkSkill, parseSkill, readSkill, type SkillCheck } from "llmops/skills";
import { ROOT, scratch } from "./support/scratch.ts";

const DESCRIPTION = "Builds and checks training datasets. Use when rows have to be cleaned, deduplicated or split before fine-tuning.";
const FRONT = ["---", "name: data-engineer", `description: ${DESCRIPTION}`, "metadata:", '  version: "1.0"', "---"];
const GOOD = [...FRONT, "", "# Data engineer", "", "Split last."].join("\n");

/** A skill in a folder of that name. */
function skillWith(context: TestContext, text: string | Uint8Array, files: Record<string, string> = {}, name = "data-engineer"): string {
  const folder = join(scratch(context), name);
  mkdirSync(folder);
  for (const [path, content] of Object.entries({ "SKILL.md": text, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}
const codes = ({ findings }: SkillCheck) => findings.map(({ code, line }) => [code, line]);
const front = (...lines: string[]) => ["---", ...lines, "---", "", "Split last."].join("\n");

test("a good skill has no findings, and is read with its parts", (context) => {
  const folder = skillWith(context, GOOD);
  const result = checkSkill(folder);
  assert.deepEqual(result.findings, []);
  assert.deepEqual([result.ok, result.name, result.version, result.size.descriptionChars], [true, "data-engineer", "1.0", DESCRIPTION.length]);
  const skill = readSkill(folder);
  assert.deepEqual([skill.name, skill.version, skill.files], ["data-engineer", "1.0", ["SKILL.md"]]);
  assert.match(skill.body, /^\n# Data engineer/);
  assert.deepEqual(checkSkill(skillWith(context, `\uFEFF${GOOD.replaceAll("\n", "\r\n")}`)).findings, [], "Windows line ends and a byte order mark are no fault");
});

/** A front matter, and the finding that it must get: code, line of the file, words of the message. */
const FRONT_FAULTS: [string, string, string, number, RegExp][] = [
  ["no front matter", "# Data engineer", "front-matter", 1, /missing.*start the file with a line ---/],
  ["never closed", "---\nname: x\n", "front-matter", 1, /not closed/],
  ["nothing in it", "---\n---\nText", "front-matter", 2, /no fields/],
  ["broken YAML", front("name: data-engineer", "description: Builds: and checks"), "yaml", 3, /not YAML.*in quotes/],
  ["a key twice", front("name: data-engineer", "name: data-engineer", "description: x"), "yaml", 3, /not YAML/],
  ["no name", front(`description: ${DESCRIPTION}`), "name", 2, /name is missing/],
  ["capitals", front("name: Data-Engineer", `description: ${DESCRIPTION}`), "name", 2, /has capitals; call it data-engineer/],
  ["spaces", front("name: data engineer", `description: ${DESCRIPTION}`), "name", 2, /has spaces; call it data-engineer/],
  ["underscore", front("name: data_engineer", `description: ${DESCRIPTION}`), "name", 2, /other than a-z/],
  ["two hyphens", front("name: data--engineer", `description: ${DESCRIPTION}`), "name", 2, /two hyphens/],
  ["hyphen first", front("name: -data", `description: ${DESCRIPTION}`), "name", 2, /begins or ends/],
  ["65 characters", front(`name: ${"a".repeat(65)}`, `description: ${DESCRIPTION}`), "name", 2, /longer than 64/],
  ["another folder", front("name: data-cleaner", `description: ${DESCRIPTION}`), "name-folder", 2, /name is data-cleaner and the folder is data-engineer/],
  ["no description", front("name: data-engineer"), "description", 2, /description is missing/],
  ["empty description", front("name: data-engineer", "description: ''"), "description", 3, /empty/],
  ["1,025 characters", front("name: data-engineer", `description: Use when ${"x".repeat(1016)}`), "description-length", 3, /1025 characters, the limit is 1024/],
  ["only what", front("name: data-engineer", "description: Cleans, deduplicates and splits training datasets."), "description-when", 3, /does not say when/],
  ["only when", front("name: data-engineer", "description: Use when a dataset is prepared for fine-tuning."), "description-what", 3, /does not say what/],
  ["says nothing", front("name: data-engineer", "description: Helps when data is bad."), "description-short", 3, /23 characters/],
  ["first person", front("name: data-engineer", "description: I build datasets for you. Use me when a model is fine-tuned."), "description-person", 3, /first person \("I"\)/],
  ["no version", front("name: data-engineer", `description: ${DESCRIPTION}`), "version", 2, /no version/],
  ["version as a number", front("name: data-engineer", `description: ${DESCRIPTION}`, "metadata:", "  version: 1.0"), "metadata", 5, /metadata.version is the number 1; .*quotes/],
  ["version in words", front("name: data-engineer", `description: ${DESCRIPTION}`, "metadata:", "  version: first"), "version", 5, /"first" is not a number/],
  ["a field of its own", front("name: data-engineer", "version: 1.0", `description: ${DESCRIPTION}`), "unknown-field", 3, /version is no field.*under metadata/],
];
for (const [what, text, code, line, words] of FRONT_FAULTS) {
  test(`front matter, ${what}: ${code} in line ${line}`, (context) => {
    const { findings } = checkSkill(skillWith(context, text));
    const found = findings.find((finding) => finding.code === code);
    assert.ok(found, `found ${JSON.stringify(findings)}`);
    assert.equal(found.line, line);
    assert.match(`${found.message}; ${found.remedy}`, words);
  });
}

test("files that the text names are looked for: links, paths in commands, from the file they stand in", (context) => {
  const text = [
    ...FRONT, // 6 lines
    "See [the formats](references/formats.md#alpaca), [the limits](references/limits.md) and [TRL](https://huggingface.co/docs/trl).", // 7
    "Not a link: `[a](b.md)`. An anchor: [top](#top). [Mine](/home/me/notes.md), [outside](../other/x.md).", // 8
    "", // 9
    "```", // 10
    "node scripts/check.mjs FOLDER   # scripts/missing.mjs, [x](y.md)", // 11
    "```", // 12
    "[ref]: references/Formats.md", // 13
  ].join("\n");
  const folder = skillWith(context, text, {
    "references/formats.md": "Back to [the skill](../SKILL.md), on to [deep](deep/more.md).",
    "references/deep/more.md": "x",
    "scripts/check.mjs": "//",
    "scripts/forgotten.mjs": "//",
  });
  const result = checkSkill(folder);
  assert.deepEqual(codes(result), [
    ["broken-link", 7], ["absolute-path", 8], ["outside-skill", 8], ["broken-link", 11], ["broken-link", 13], ["deep-path", 1], ["unnamed-file", 1],
  ]);
  assert.match(result.findings[4]?.remedy ?? "", /did you mean references\/formats\.md/);
  assert.equal(result.findings[6]?.file, "scripts/forgotten.mjs");
});

test("text that was never written is an error, except where it is spoken of", (context) => {
  const text = [...FRONT, "TODO: write the workflow", "A row with `TODO` in it is a placeholder.", "```", "grep TODO", "```", "Ask <your question>.", "Lorem ipsum dolor"].join("\n");
  const result = checkSkill(skillWith(context, text, { "references/a.md": "TBD" }));
  assert.deepEqual(codes(result).filter(([code]) => code === "placeholder"), [["placeholder", 7], ["placeholder", 12], ["placeholder", 13], ["placeholder", 1]]);
  assert.equal(result.ok, false);
});

test("a body that is too long, or none at all", (context) => {
  assert.deepEqual(codes(checkSkill(skillWith(context, FRONT.join("\n")))), [["no-instructions", 7]]);
  const long = checkSkill(skillWith(context, `${GOOD}\n${"A rule of five words.\n".repeat(1000)}`));
  assert.deepEqual(codes(long), [["long", 7], ["long", 500]]);
  assert.equal(long.ok, true, "advice, no fault");
  assert.match(long.findings[0]?.message ?? "", /tokens, it should have fewer than 5000/);
});

test("bytes that are no text are named with their line", (context) => {
  const result = checkSkill(skillWith(context, Buffer.concat([Buffer.from(`${GOOD}\n\n`), Buffer.from([0xc3, 0x28])])));
  assert.deepEqual(codes(result), [["encoding", 12]]);
});

test("what is no skill's folder is refused with the remedy", (context) => {
  const folder = scratch(context);
  assert.throws(() => checkSkill(join(folder, "nowhere")), /no such folder; check the name/);
  assert.throws(() => checkSkill(folder), /SKILL\.md: no such file; name a skill's own folder/);
  writeFileSync(join(folder, "skill.md"), GOOD);
  assert.throws(() => checkSkill(folder), /rename skill\.md: agents look for exactly SKILL\.md/);
  const broken = skillWith(context, front("name: data-engineer"));
  assert.throws(() => readSkill(broken), /SKILL\.md:2: error: description is missing; .*llmops skill check/);
});

test("any front matter that YAML can write is read back the same, or refused with a line of the file", () => {
  // zod drops a key __proto__, so that no file can change what objects are.
  const word = fc.string({ minLength: 1, maxLength: 80, unit: "binary" }).filter((text) => text !== "__proto__");
  fc.assert(
    fc.property(fc.record({ name: word, description: word, metadata: fc.dictionary(word, word, { noNullPrototype: true }) }, { requiredKeys: ["name"] }), fc.string(), (fields, body) => {
      const source = `---\n${stringify(fields)}---\n${body}`;
      const parsed = parseSkill(source, undefined);
      const lines = source.split("\n").length;
      for (const { line, remedy } of parsed.findings) assert.ok(line >= 1 && line <= lines && remedy !== "");
      if (!parsed.front) return assert.ok(parsed.findings.some(({ severity }) => severity === "error"));
      const { metadata, ...rest } = fields;
      assert.deepEqual(parsed.front, { ...rest, ...(metadata ? { metadata } : {}) });
      assert.equal(parsed.body, body.replace(/\r\n|\r/g, "\n"));
    }),
    { numRuns: 300 },
  );
});

test("any text at all is checked without a throw", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
    for (const source of [text, `---\n${text}`, `---\n${text}\n---\n${text}`]) assert.ok(Array.isArray(parseSkill(source, "x").findings));
  }), { numRuns: 500 });
});

test("the command prints a line a finding, one JSON document with --json, and an exit status for scripts", (context) => {
  const run = (...args: string[]) => spawnSync(process.execPath, [join(ROOT, "lib/bin/llmops.cjs"), "skill", "check", ...args], { encoding: "utf8" });
  const good = skillWith(context, GOOD);
  const advice = skillWith(context, front("name: data-engineer", `description: ${DESCRIPTION}`));
  const bad = skillWith(context, front("name: Data", "description: ''"));

  const fine = run(good);
  assert.equal(fine.status, 0, fine.stderr);
  assert.match(fine.stdout, /data-engineer 1\.0, 10 lines, \d+ tokens: nothing to say against it/);
  assert.equal(run(advice).status, 0);
  assert.equal(run(advice, "--strict").status, 1);
  const faulty = run(bad);
  assert.equal(faulty.status, 1);
  assert.match(faulty.stdout, /SKILL\.md:3: error: description is empty; say what the skill does/);

  const several = run(good, bad, join(bad, "nowhere"), "--json");
  assert.equal(several.status, 2);
  const document = JSON.parse(several.stdout) as { ok: boolean; skills: { ok: boolean; findings?: unknown[]; error?: { code: string } }[] };
  assert.deepEqual(document.skills.map(({ ok, error }) => [ok, error?.code]), [[true, undefined], [false, undefined], [false, "not-found"]]);
  assert.equal(document.ok, false);
});
