import { Command } from "commander";
import { registerDataBuild } from "./data-build.js";
import { registerDataConvert } from "./data-convert.js";
import { registerDataDiff } from "./data-diff.js";
import { registerDataLineage } from "./data-lineage.js";
import { registerDataReport } from "./data-report.js";
import { registerDataValidate } from "./data-validate.js";
import { registerDataVersion } from "./data-version.js";
import { EXIT, EXIT_HELP, reportFailure } from "./failure.js";
import { registerSkillCheck } from "./skill-check.js";
import { registerVram } from "./vram.js";

/** The `llmops` command with all that it can do. */
export function createProgram(): Command {
  const program = new Command("llmops")
    .description("The command of the LLMOps Workbook: the same functions as in the notebooks.")
    .addHelpText("after", EXIT_HELP)
    .showHelpAfterError("(llmops --help, or llmops data COMMAND --help, says more)");
  const data = program.command("data").description("build, check, convert and report on datasets").addHelpText("after", EXIT_HELP);
  registerDataBuild(data);
  registerDataValidate(data);
  registerDataConvert(data);
  registerDataReport(data);
  registerDataDiff(data);
  registerDataLineage(data);
  registerDataVersion(data);
  const skill = program.command("skill").description("check Agent Skills").addHelpText("after", EXIT_HELP);
  registerSkillCheck(skill);
  registerVram(program);
  const within = (command: Command): Command[] => [command, ...command.commands.flatMap(within)];
  for (const command of within(program)) command.exitOverride();
  return program;
}

/**
 * Runs the command and sets the exit status of the process.
 *
 * @param args the arguments after the command's own name
 */
export async function run(args: readonly string[]): Promise<void> {
  // A reader that closed the pipe (`| head`) has all it wants.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    process.stderr.write(`llmops: the result cannot be written to standard output (${error.message}); free some space or choose another file\n`);
    process.exit(EXIT.usage);
  });
  try {
    await createProgram().parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = reportFailure(error, args.includes("--json"));
  }
}
