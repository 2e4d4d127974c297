import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { decideApproach, findFlips, type Decision, type Flip, type UseCaseInput } from "../decision/index.js";
import { CommandError, EXIT_HELP } from "./failure.js";
import { Reporter } from "./output.js";

/** Adds `llmops decide`. */
export function registerDecide(program: Command): void {
  program
    .command("decide")
    .description("decide whether a use case calls for a prompt, retrieval, fine-tuning or more facts, and say why")
    .argument("<file>", "a JSON object with the facts of the use case; - reads it from standard input")
    .option("--json", "print one JSON document")
    .addHelpText("after", `\nExample:\n  llmops decide skills/llmops-decision-framework/references/task-api.json\n${EXIT_HELP}`)
    .action(async (file: string, options: { json?: boolean }) => {
      const useCase = readUseCase(file);
      const decision = decideApproach(useCase);
      const flips = findFlips(useCase);
      const { name, approach, missing, says, path, reasons, assumed, evidence: { money } } = decision;
      await new Reporter(options).result({ name, approach, ...(missing ? { missing } : {}), says, path, reasons, flips, assumed, ...(money ? { money } : {}) }, () => describe(decision, flips));
    });
}

function readUseCase(file: string): UseCaseInput {
  const name = file === "-" ? "standard input" : file;
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new CommandError(`${name}: cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}); give the path of a JSON file, or - for standard input`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new CommandError(`${name}: holds no JSON object; write { "name": …, "requestsPerDay": …, … }`);
    return value as UseCaseInput;
  } catch (error) {
    if (error instanceof SyntaxError) throw new CommandError(`${name}: is no JSON (${error.message})`);
    throw error;
  }
}

const shown = (value: unknown): string => (typeof value === "number" ? value.toLocaleString("en-US", { maximumSignificantDigits: 4 }) : String(value));

function describe({ name, approach, says, reasons, assumed }: Decision, flips: readonly Flip[]): string {
  const line = ({ fact, value, points, because }: Decision["reasons"][number]): string => `  ${fact} ${value} -> ${points}: ${because}`;
  const others = reasons.filter(({ decides }) => !decides);
  return [
    `${name}: ${approach}`, says, "", "decided by:", ...reasons.filter(({ decides }) => decides).map(line),
    ...(others.length > 0 ? ["", "not asked on the way:", ...others.map(line)] : []),
    "", ...(flips.length > 0 ? ["what would change it, one fact alone:", ...flips.map(({ fact, from, to, approach: other }) => `  ${fact}: ${shown(from)} -> ${shown(to)} gives ${other}`)] : ["no single fact that was given changes it"]),
    ...(assumed.length > 0 ? ["", "assumed, for nobody said:", ...assumed.map((text) => `  ${text}`)] : []),
  ].join("\n");
}
