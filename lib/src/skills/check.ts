import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { countTextTokens } from "../data/index.js";
import type { Finding } from "./finding.js";
import { parseSkill } from "./front-matter.js";
import { checkReferences, findReferences, unnamedFiles } from "./references.js";
import { readFolder } from "./skill.js";

/** What a check of a skill says. */
export interface SkillCheck {
  /** Absolute path. */
  folder: string;
  /** No errors; there may be warnings. */
  ok: boolean;
  name: string | undefined;
  version: string | undefined;
  /** Of SKILL.md. Tokens are those of the body, by o200k_base: other models' counts differ by some per cent. */
  size: { lines: number; tokens: number; descriptionChars: number };
  /** Sorted by file and line, SKILL.md first. */
  findings: Finding[];
}

/** Advice of the specification: SKILL.md below 500 lines, its body below 5,000 tokens. */
const BODY_LINES = 500;
const BODY_TOKENS = 5000;

/** Text that stands for text to come. A word in a code span may be the subject of the sentence, so it does not count. */
const PLACEHOLDER = /\b(TODO|TBD|FIXME|XXX)\b|\blorem ipsum\b|<(your|insert|fill)[ -][^>]*>|\[(your|insert|fill in|todo)\b[^\]]*\]|\bfill (this|me) in\b|^\s*(\.\.\.|…)\s*$/i;

/**
 * Checks a skill: its front matter, the name of its folder, what its description says, its length, the files it names,
 * text that was never filled in.
 *
 * @param folder - the folder that holds SKILL.md
 * @throws FileError when there is no SKILL.md
 */
export function checkSkill(folder: string): SkillCheck {
  const { source, files, name: folderName } = readFolder(folder);
  const { front, body, bodyLine, findings: faults } = parseSkill(source, folderName);
  const lines = source.split(/\r\n|\r|\n/).length;
  const tokens = countTextTokens(body);
  const findings = [...faults, ...placeholders("SKILL.md", source.replace(/\r\n?/g, "\n"), 1), ...sizeFindings({ lines, tokens, body, bodyLine })];
  if (source.includes("\uFFFD")) {
    const line = source.slice(0, source.indexOf("\uFFFD")).split("\n").length;
    findings.push({ severity: "error", code: "encoding", file: "SKILL.md", line, message: "holds bytes that are not UTF-8", remedy: "save the file as UTF-8" });
  }
  const named = new Set<string>();
  const known = new Set(files);
  for (const file of files.filter((path) => path.endsWith(".md"))) {
    const isMain = file === "SKILL.md";
    const text = isMain ? body : readFileSync(join(folder, file), "utf8").replace(/\r\n?/g, "\n");
    const checked = checkReferences(file, findReferences(text, isMain ? bodyLine : 1), known);
    findings.push(...checked.findings);
    for (const path of checked.named) if (path !== file) named.add(path);
    if (!isMain) findings.push(...placeholders(file, text, 1));
  }
  findings.push(...unnamedFiles(files, named));
  const rank = ({ file }: Finding) => (file === "SKILL.md" ? "" : file);
  findings.sort((a, b) => (rank(a) === rank(b) ? a.line - b.line : rank(a) < rank(b) ? -1 : 1));
  return {
    folder: resolve(folder),
    ok: findings.every(({ severity }) => severity !== "error"),
    name: front?.name,
    version: front?.metadata?.["version"],
    size: { lines, tokens, descriptionChars: [...(front?.description ?? "")].length },
    findings,
  };
}

function sizeFindings({ lines, tokens, body, bodyLine }: { lines: number; tokens: number; body: string; bodyLine: number }): Finding[] {
  const finding = (severity: Finding["severity"], code: string, line: number, message: string, remedy: string): Finding => ({ severity, code, file: "SKILL.md", line, message, remedy });
  if (body.trim() === "") return [finding("error", "no-instructions", bodyLine, "there are no instructions", "write after the front matter what an agent should do")];
  const remedy = "move what is not needed every time into references/, and say when to read it";
  return [
    ...(lines >= BODY_LINES ? [finding("warning", "long", BODY_LINES, `SKILL.md has ${lines} lines, it should have fewer than ${BODY_LINES}`, remedy)] : []),
    ...(tokens >= BODY_TOKENS ? [finding("warning", "long", bodyLine, `the body has ${tokens} tokens, it should have fewer than ${BODY_TOKENS}`, remedy)] : []),
  ];
}

function placeholders(file: string, text: string, firstLine: number): Finding[] {
  let inCode = false;
  return text.split("\n").flatMap((line, index): Finding[] => {
    if (/^ {0,3}(`{3,}|~{3,})/.test(line)) inCode = !inCode;
    const found = inCode ? null : PLACEHOLDER.exec(line.replace(/`[^`]*`/g, ""));
    if (!found) return [];
    return [{
      severity: "error", code: "placeholder", file, line: firstLine + index,
      message: `"${found[0].trim()}" stands for text that was never written`, remedy: "write it, or take the line out",
    }];
  });
}
