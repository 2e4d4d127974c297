import { posix } from "node:path";
import type { Finding } from "./finding.js";

/** A file that a text names: by a Markdown link, or as a path below one of the folders of a skill. */
export interface Reference {
  path: string;
  line: number;
  by: "link" | "path";
}

/** The folders that the specification gives a meaning. */
const FOLDERS = ["scripts", "references", "assets"] as const;

const LINK = /!?\[[^\]]*\]\(\s*<?([^)<>\s]+)>?(?:\s+["'(][^)]*)?\)/g;
const DEFINITION = /^ {0,3}\[[^\]]+\]:\s*<?([^<>\s]+)>?/g;
const PATH = new RegExp(`(?<![\\w./\\\\-])(?:\\./)?((?:${FOLDERS.join("|")})/[\\w./-]*[\\w-])`, "g");
const CODE_SPAN = /(`+)(?:(?!\1).)+?\1/g;

/**
 * The files that a Markdown text names. A link counts outside code only, a path such as `scripts/check.mjs` everywhere:
 * commands stand in code. Addresses with a scheme and anchors are not files.
 */
export function findReferences(markdown: string, firstLine = 1): Reference[] {
  const found = new Map<string, Reference>();
  const add = (path: string, line: number, by: Reference["by"]) => {
    if (!found.has(`${line} ${path}`)) found.set(`${line} ${path}`, { path, line, by });
  };
  let fence: string | undefined;
  markdown.split("\n").forEach((text, index) => {
    const line = firstLine + index;
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(text)?.[1];
    if (mark !== undefined && (fence === undefined || (mark.startsWith(fence) && text.trim() === mark))) {
      fence = fence === undefined ? mark : undefined;
      return;
    }
    if (fence === undefined) {
      const prose = text.replace(CODE_SPAN, (code) => " ".repeat(code.length));
      for (const pattern of [LINK, DEFINITION]) {
        for (const [, target = ""] of prose.matchAll(pattern)) if (isFile(target)) add(withoutAnchor(target), line, "link");
      }
    }
    for (const [, path = ""] of text.matchAll(PATH)) add(path, line, "path");
  });
  return [...found.values()];
}

const isFile = (target: string) => !/^([a-z][a-z0-9+.-]*:|\/\/|#)/i.test(target) || /^[a-z]:[\\/]/i.test(target);
const withoutAnchor = (target: string) => {
  const path = target.replace(/[?#].*$/, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/**
 * Checks what one Markdown file of a skill refers to.
 *
 * @param file - the file's path from the skill's folder
 * @param files - every file of the skill, by such paths
 * @returns the findings, and the files it names that are there
 */
export function checkReferences(file: string, references: readonly Reference[], files: ReadonlySet<string>): { findings: Finding[]; named: string[] } {
  const findings: Finding[] = [];
  const named: string[] = [];
  for (const { path, line, by } of references) {
    const finding = (severity: Finding["severity"], code: string, message: string, remedy: string) => findings.push({ severity, code, file, line, message, remedy });
    if (path.startsWith("/") || path.startsWith("~") || /^[a-z]:[\\/]/i.test(path)) {
      finding("error", "absolute-path", `${path} is a path of one machine`, "name the file from the skill's folder, and keep it there");
      continue;
    }
    if (path.includes("\\")) {
      finding("error", "broken-link", `${path} has backslashes`, `write ${path.replaceAll("\\", "/")}`);
      continue;
    }
    // A link is resolved from the file it stands in; a bare path is read from the skill's folder, as the specification has it.
    const target = posix.normalize(by === "link" ? posix.join(posix.dirname(file), path) : path).replace(/\/$/, "");
    if (target.startsWith("../") || target === "..") {
      finding("error", "outside-skill", `${path} lies outside the skill`, "copy what the skill needs into its folder: it is installed alone");
      continue;
    }
    const isThere = files.has(target) || [...files].some((name) => name.startsWith(`${target}/`));
    if (!isThere) {
      const near = [...files].find((name) => posix.basename(name) === posix.basename(target) || name.toLowerCase() === target.toLowerCase());
      finding("error", "broken-link", `${path} does not exist`, near === undefined ? "write the file, or take the reference out" : `did you mean ${near}?`);
      continue;
    }
    named.push(target);
    if (target.split("/").length > 2) {
      finding("warning", "deep-path", `${path} lies more than one folder deep`, "keep references one level below SKILL.md: an agent may not follow a chain of them");
    }
  }
  return { findings, named };
}

/** Files of scripts/, references/ and assets/ that no Markdown of the skill names. */
export function unnamedFiles(files: Iterable<string>, named: ReadonlySet<string>): Finding[] {
  return [...files]
    .filter((file) => FOLDERS.some((folder) => file.startsWith(`${folder}/`)) && ![...named].some((name) => file === name || file.startsWith(`${name}/`)))
    .map((file) => ({
      severity: "warning" as const, code: "unnamed-file", file, line: 1,
      message: "no text of the skill names this file", remedy: "say in SKILL.md when to read or run it; an agent loads only what it is told of",
    }));
}
