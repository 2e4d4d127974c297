import { Command } from "commander";
import { EXIT, EXIT_HELP, reportFailure } from "./failure.js";

type Register = (parent: Command) => void;

/** The commands about data. Each is loaded when it is registered: together they take longer to load than a small file to be built. */
const DATA: Readonly<Record<string, () => Register>> = {
  build: () => (require("./data-build.js") as typeof import("./data-build.js")).registerDataBuild,
  validate: () => (require("./data-validate.js") as typeof import("./data-validate.js")).registerDataValidate,
  convert: () => (require("./data-convert.js") as typeof import("./data-convert.js")).registerDataConvert,
  report: () => (require("./data-report.js") as typeof import("./data-report.js")).registerDataReport,
  diff: () => (require("./data-diff.js") as typeof import("./data-diff.js")).registerDataDiff,
  lineage: () => (require("./data-lineage.js") as typeof import("./data-lineage.js")).registerDataLineage,
  version: () => (require("./data-version.js") as typeof import("./data-version.js")).registerDataVersion,
};

/** What stands first on the command line. */
const FIRST: Readonly<Record<string, (program: Command, second: string) => void>> = {
  data(program, second) {
    const data = program.command("data").description("build, check, convert and report on datasets").addHelpText("after", EXIT_HELP);
    for (const load of named(DATA, second)) load()(data);
  },
  skill(program) {
    const skill = program.command("skill").description("check Agent Skills").addHelpText("after", EXIT_HELP);
    (require("./skill-check.js") as typeof import("./skill-check.js")).registerSkillCheck(skill);
  },
  decide(program) {
    (require("./decide.js") as typeof import("./decide.js")).registerDecide(program);
  },
  export(program) {
    (require("./export.js") as typeof import("./export.js")).registerExport(program);
  },
  chat(program) {
    (require("./chat.js") as typeof import("./chat.js")).registerChat(program);
  },
  serve(program) {
    (require("./serve.js") as typeof import("./serve.js")).registerServe(program);
  },
  train(program) {
    (require("./train.js") as typeof import("./train.js")).registerTrain(program);
  },
  "task-api"(program) {
    (require("./task-api.js") as typeof import("./task-api.js")).registerTaskApi(program);
  },
  vram(program) {
    (require("./vram.js") as typeof import("./vram.js")).registerVram(program);
  },
  runs(program) {
    (require("./runs.js") as typeof import("./runs.js")).registerRuns(program);
  },
};

/** The one of that name; all where there is none, for help and suggestions speak of all. */
function named<T>(all: Readonly<Record<string, T>>, name: string): T[] {
  return Object.hasOwn(all, name) ? [all[name] as T] : Object.values(all);
}

/** The `llmops` command with all that it can do; where `args` name a command, with that one. */
export function createProgram([first = "", second = ""]: readonly string[] = []): Command {
  const program = new Command("llmops")
    .description("The command of the LLMOps Workbook: the same functions as in the notebooks.")
    .addHelpText("after", EXIT_HELP)
    .showHelpAfterError("(llmops --help, or llmops data COMMAND --help, says more)");
  for (const add of named(FIRST, first)) add(program, second);
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
    await createProgram(args).parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = reportFailure(error, args.includes("--json"));
  }
}
