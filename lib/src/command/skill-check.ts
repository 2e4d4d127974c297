import type { Command } from "commander";
import { checkSkill, findingText, type SkillCheck } from "../skills/index.js";
import { EXIT, EXIT_HELP, describeFailure, reportFailure } from "./failure.js";
import { Reporter, count, counted } from "./output.js";

interface CheckCommandOptions {
  strict?: boolean;
  json?: boolean;
}

/** Adds `llmops skill check FOLDER…`. */
export function registerSkillCheck(skill: Command): void {
  skill
    .command("check")
    .description("check Agent Skills: front matter, name, description, length, the files they name")
    .argument("<folder...>", "folders that hold a SKILL.md")
    .option("--strict", "exit with 1 for warnings too")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXIT_HELP)
    .action((folders: string[], options: CheckCommandOptions) => check(folders, options));
}

async function check(folders: readonly string[], options: CheckCommandOptions): Promise<void> {
  const reporter = new Reporter(options);
  let exitCode: number = EXIT.ok;
  const results: (SkillCheck | { folder: string; ok: false; error: { code: string; message: string } })[] = [];
  for (const folder of folders) {
    try {
      const result = checkSkill(folder);
      results.push(result);
      if (!result.ok || (options.strict && result.findings.length > 0)) exitCode = Math.max(exitCode, EXIT.rejected);
      if (!reporter.json) await reporter.print(summary(folder, result));
    } catch (error) {
      // A folder that cannot be read does not stop the others.
      exitCode = Math.max(exitCode, reportFailure(error, false));
      results.push({ folder, ok: false, error: describeFailure(error) });
    }
  }
  if (reporter.json) await reporter.print(JSON.stringify({ skills: results, ok: exitCode === EXIT.ok, exitCode }, null, 2));
  process.exitCode = exitCode;
}

function summary(folder: string, { name, version, size, findings }: SkillCheck): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const verdict = findings.length === 0 ? "nothing to say against it" : `${counted(errors, "error")}, ${counted(findings.length - errors, "warning")}`;
  const what = `${name ?? "no name"} ${version ?? "without a version"}, ${counted(size.lines, "line")}, ${count(size.tokens)} tokens`;
  return [...findings.map((finding) => `${folder.replace(/[\\/]+$/, "")}/${findingText(finding)}`), `${folder}: ${what}: ${verdict}`].join("\n");
}
