import { join } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { exportModel, FORMATS, type ExportFormat } from "../serve/index.js";
import { EXIT_HELP } from "./failure.js";
import { Reporter } from "./output.js";

interface ExportCommandOptions {
  to: ExportFormat[];
  out: string;
  base?: string;
  name?: string;
  json?: boolean;
}

const HELP = `
Formats:
  merged                               base and adapter added up, in safetensors, with tokenizer, template and stop tokens
  gguf-f16, gguf-q8_0, gguf-q4_k_m     for llama.cpp and Ollama; q4_k_m needs rows of a multiple of 256
  modelfile                            for Ollama: the first GGUF, the chat template in Go's syntax, the stop tokens

Everything is opened in fp32 on this machine's CPU. A model that is too large for its memory is refused: export it where it was
trained.

Examples:
  llmops export train-20261121-160501-3f9a --to gguf-q8_0,modelfile --out exported
  llmops export colab/taskling/model --to gguf-q4_k_m --out exported --name taskling
  llmops export adapter --base colab/taskling/model --to merged --out exported`;

/** Adds `llmops export`. */
export function registerExport(program: Command): void {
  program
    .command("export")
    .description("export a finished run, or a model's folder: merged, GGUF, Modelfile")
    .argument("<run-or-folder>", "a finished run's id, an adapter's folder or a model's")
    .requiredOption("--to <formats>", `what to make, with commas between: ${FORMATS.join(", ")}`, formats)
    .requiredOption("--out <folder>", "where to put it; files of the same names are replaced")
    .option("--base <folder>", "the base of an adapter that stands alone; of a run it is known")
    .option("--name <name>", "of the GGUF files (default: model)")
    .option("--json", "print one JSON document")
    .addHelpText("after", `${HELP}\n${EXIT_HELP}`)
    .action(run);
}

function formats(text: string): ExportFormat[] {
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.find((name) => !(FORMATS as readonly string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`there is no format ${JSON.stringify(unknown)}; there are ${FORMATS.join(", ")}.`);
  return named as ExportFormat[];
}

async function run(place: string, { to, out, base, name, ...rest }: ExportCommandOptions): Promise<void> {
  const reporter = new Reporter(rest);
  const exported = await exportModel(place, { to, out, ...(base === undefined ? {} : { base }), ...(name === undefined ? {} : { name }), report: (line) => reporter.note(line) });
  const { made, stop, largest_probability_difference: difference } = exported;
  await reporter.result({ ok: true, ...exported }, () => [
    ...Object.entries(made).map(([format, { path, bytes, tensors, tools }]) =>
      `${format}: ${megabytes(bytes)}, ${path}${tensors ? ` (${Object.entries(tensors).map(([type, count]) => `${count} tensors ${type}`).join(", ")})` : ""}${tools === false ? " (its template has no place for tools: nor had the model's)" : ""}`),
    `an answer ends at ${stop.join(" or ")}`,
    ...(difference === undefined ? [] : [`probabilities of the merged model are within ${difference.toExponential(1)} of base + adapter`]),
    ...(made.modelfile ? [`not tried here: ollama create NAME -f ${join(out, "Modelfile")} && ollama run NAME`] : []),
  ].join("\n"));
}

const megabytes = (bytes: number): string => (bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`);
