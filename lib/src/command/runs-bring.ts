import type { Command } from "commander";
import { attach, openHandOff } from "../pair/index.js";
import { counted, Reporter } from "./output.js";

/** Adds `llmops runs bring ID FILE`. */
export function registerRunsBring(runs: Command, help: string): void {
  runs
    .command("bring")
    .description("take the results of a hand-off: check every byte of results-ID.zip, then put metrics, log and artifacts into the run's folder")
    .argument("<id>", "the run")
    .argument("<file>", "the results-ID.zip that the notebook saved")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action(bring);
}

async function bring(id: string, file: string, options: { json?: boolean }): Promise<void> {
  const reporter = new Reporter(options);
  const runtime = openHandOff();
  await runtime.bring(id, file);
  const run = await attach(id, { runtime });
  await run.sync();
  const artifacts = await run.fetch();
  const { state, reason } = run.record;
  await reporter.result({ ok: true, id, state, reason: reason ?? null, metrics: run.metrics.length, folder: run.folder, artifacts }, () => [
    `${id} is ${state}${reason ? `: ${reason}` : ""}`,
    `${counted(run.metrics.length, "metric")}, ${counted(Object.keys(artifacts).length, "artifact")} in ${run.folder}`,
  ].join("\n"));
}
