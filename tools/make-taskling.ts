/**
 * `npm run taskling`: makes colab/taskling/model, the tiny model of the lessons, from nothing, on two cores.
 *
 * Corpus and tokenizer, pretraining, export, evaluation, the fine-tuning probe, the card. A run that was stopped goes on
 * where it was (its state is in .workbook/taskling); finished stages are not done again.
 *
 *     npm run taskling                                 all phases of the pretraining: about six hours, into colab/taskling/model
 *     npm run taskling -- --cycles 1 --out /tmp/first  the first cycle of the first phase alone: under half an hour
 *     npm run taskling -- --steps 100 --seed 1         a quick try, in a folder of its own below .workbook/taskling
 *     npm run taskling -- card                         one stage
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { prepareTraining } from "llmops/pair";
import { ROOT } from "./paths.ts";

const child = spawn(await prepareTraining((line) => console.error(line)), ["-m", "taskling", ...process.argv.slice(2)], { cwd: join(ROOT, "colab"), stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => { process.exitCode = code ?? (signal === null ? 1 : 130); });
