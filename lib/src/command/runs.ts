import type { Command } from "commander";
import { attach, hasEnded, listRuns, loadRun, PairError, removeRun, reopenRuntime, runsFolder, type Run, type RunRecord, type Runtime } from "../pair/index.js";
import { CommandError, EXIT, interruptible, isAbort } from "./failure.js";
import { count, counted, Reporter, textTable } from "./output.js";
import { registerRunsBring } from "./runs-bring.js";

const RUNS_HELP = `
Exit status:
  0    all is well
  1    the run did not finish, what came home is damaged, or the runtime is lost, refuses or does not answer
  2    wrong usage, no such run, or a setting that is missing
  130  interrupted; the job runs on`;

interface Common {
  json?: boolean;
}

/** Adds `llmops runs list|show|attach|log|interrupt|stop|fetch|resume|remove|bring`. */
export function registerRuns(program: Command): void {
  const runs = program.command("runs").description("jobs on paired runtimes: follow them, end them, bring home what they left").addHelpText("after", RUNS_HELP);
  const add = (name: string, description: string): Command => runs.command(name).description(description).option("--json", "print one JSON document").addHelpText("after", RUNS_HELP);
  const one = (name: string, description: string): Command => add(name, description).argument("<run>", "its id, as `llmops runs list` shows it, or enough of its beginning");

  add("list", "list the runs, the latest first, as they were last heard of").option("--running", "only those that have not ended").action(list);
  one("show", "what a run is, what was sent and how it stands, without asking its runtime").action(show);
  one("attach", "follow a run to its end; Ctrl-C leaves the job running").action(follow);
  one("log", "print what the job wrote to stdout and stderr").option("--lines <n>", "only the last so many lines", wholeNumber).action(log);
  one("interrupt", "ask a job to save its work and end, and wait until it has").action(interrupt);
  one("stop", "end the machine of a run, and every job on it").action(stop);
  one("fetch", "bring home what the job left, checked against its hashes").action(fetch);
  one("resume", "start a job anew that has ended; it goes on from its checkpoints").action(resume);
  one("remove", "remove a run that has ended, here and in its runtime").option("--here", "only here: its runtime is gone, or shall keep it").action(remove);
  registerRunsBring(runs, RUNS_HELP);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new CommandError(`--lines takes a whole number, not "${text}"`);
  return Number(text);
}

/** A run by its id or a beginning that no other one has. */
function find(name: string): RunRecord {
  const found = listRuns().filter(({ id }) => id.startsWith(name));
  if (found.some(({ id }) => id === name) || found.length === 0) return loadRun(name);
  if (found.length > 1) throw new CommandError(`${name} is the beginning of ${counted(found.length, "run")}: ${found.slice(-5).map(({ id }) => id).join(", ")}`);
  return found[0]!;
}

/** How long a run ran, in seconds; undefined while it runs or has not begun. */
const secondsOf = ({ started, ended, earlierSeconds = 0 }: RunRecord): number | undefined => (started === undefined || ended === undefined ? undefined : earlierSeconds + ended - started);

function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  return seconds < 120 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

async function list(options: Common & { running?: boolean }): Promise<void> {
  const reporter = new Reporter(options);
  const records = listRuns().filter(({ state }) => options.running !== true || state === "preparing" || !hasEnded(state)).reverse();
  await reporter.result({ ok: true, runs: records }, () => records.length === 0 ? "No runs." : textTable(
    ["run", "runtime", "state", "began", "took", "artifacts"],
    records.map((record) => [record.id, record.driver, record.state, record.created.slice(0, 16).replace("T", " "), duration(secondsOf(record)), record.artifacts ? String(record.artifacts.length) : ""]),
  ));
  process.exitCode = EXIT.ok;
}

async function show(name: string, options: Common): Promise<void> {
  const reporter = new Reporter(options);
  const record = find(name), folder = `${runsFolder()}/${record.id}`;
  const took = secondsOf(record);
  await reporter.result({ ok: true, ...record, folder }, () => [
    `${record.id}: ${record.state}${record.reason ? `, ${record.reason}` : ""}`,
    `on ${Object.values(record.address).join(" ")}, launched ${record.created}${took === undefined ? "" : `, ran ${duration(took)}`}${record.attempt !== undefined && record.attempt > 1 ? ` in ${record.attempt} attempts` : ""}`,
    `command: ${record.command.join(" ")}`,
    ...(record.remedyOf ? [`remedy of ${record.remedyOf.run}: ${record.remedyOf.says}`] : []),
    `folder: ${folder}`,
    "",
    textTable(["sent", "bytes", "sha256"], record.sent.map(({ path, bytes, sha256 }) => [path, bytes, sha256.slice(0, 12)])),
    ...(record.artifacts?.length ? ["", textTable(["artifact", "bytes", "sha256"], record.artifacts.map(({ path, bytes, sha256 }) => [path, bytes, sha256.slice(0, 12)]))] : []),
  ].join("\n"));
  process.exitCode = EXIT.ok;
}

/** Does something with the runtime of a run, and lets go of it afterwards. */
async function withRuntime<T>(record: RunRecord, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const runtime = reopenRuntime(record);
  try {
    return await work(runtime);
  } finally {
    await runtime.close();
  }
}

/** For all that starts no Python of the job's: the training packages are not needed for it, nor installed. */
const asStandard = (record: RunRecord): RunRecord => (record.state === "preparing" ? record : { ...record, packages: "standard" });

/** Says on stderr how far a run is: one line that is written over. */
function progressOf(reporter: Reporter): (run: Run) => void {
  if (!process.stderr.isTTY) return () => {};
  return (run) => {
    const last = run.metrics.at(-1);
    const step = last ? `, step ${count(last.step)}${last.steps === undefined ? "" : ` of ${count(last.steps)}`}${last.loss === undefined ? "" : `, loss ${last.loss.toPrecision(4)}`}` : "";
    reporter.stopBars();
    process.stderr.write(`\r\x1b[2K${run.id}: ${run.record.state}${step}, ${duration(run.seconds())}`);
  };
}

async function followToEnd(run: Run, reporter: Reporter, signal: AbortSignal): Promise<void> {
  const onChange = progressOf(reporter);
  onChange(run);
  try {
    await run.wait(onChange, { signal });
  } catch (error) {
    if (!isAbort(error)) throw error;
    if (process.stderr.isTTY) process.stderr.write("\n");
    throw new CommandError(`the job runs on; follow it again with llmops runs attach ${run.id}, or end it with llmops runs interrupt ${run.id}`, EXIT.interrupted, { cause: error });
  }
  if (process.stderr.isTTY) process.stderr.write("\n");
}

async function resultOf(run: Run, reporter: Reporter): Promise<void> {
  const { record } = run, ok = record.state === "finished";
  const last = run.metrics.at(-1);
  await reporter.result({ ok, id: run.id, state: record.state, reason: record.reason ?? null, seconds: run.seconds(), usd: run.usd(), metrics: run.metrics.length, last: last ?? null }, () =>
    `${run.id}: ${record.state}${record.reason ? `, ${record.reason}` : ""} after ${duration(run.seconds())}, ${counted(run.metrics.length, "metric")}${ok ? `. Bring home what it left: llmops runs fetch ${run.id}` : ""}`);
  process.exitCode = ok ? EXIT.ok : EXIT.rejected;
}

async function follow(name: string, options: Common): Promise<void> {
  const reporter = new Reporter(options), record = find(name);
  await interruptible((signal) => withRuntime(asStandard(record), async (runtime) => {
    const run = await attach(record.id, { runtime, report: (line) => reporter.note(line) });
    if (!run.hasEnded) await followToEnd(run, reporter, signal);
    await resultOf(run, reporter);
  }));
}

async function log(name: string, options: Common & { lines?: number }): Promise<void> {
  const reporter = new Reporter(options), record = find(name);
  const run = record.state !== "preparing" && !hasEnded(record.state)
    ? await withRuntime(asStandard(record), (runtime) => attach(record.id, { runtime }))
    : await attachOffline(record);
  const lines = run.log.replace(/\n$/, "").split("\n");
  const text = (options.lines === undefined ? lines : options.lines === 0 ? [] : lines.slice(-options.lines)).join("\n");
  await reporter.result({ ok: true, id: run.id, state: run.record.state, log: text }, () => text);
  process.exitCode = EXIT.ok;
}

/** A run whose runtime is not asked: what is here is all there is. */
async function attachOffline(record: RunRecord): Promise<Run> {
  if (record.state === "preparing") throw new CommandError(`${record.id} has not begun: llmops runs attach ${record.id} completes its launch`);
  return attach(record.id, { runtime: reopenRuntime(asStandard(record)) });
}

async function interrupt(name: string, options: Common): Promise<void> {
  const reporter = new Reporter(options), record = find(name);
  if (record.state === "preparing") throw new CommandError(`${record.id} has not begun; llmops runs remove ${record.id} --here forgets it`);
  await interruptible((signal) => withRuntime(asStandard(record), async (runtime) => {
    const run = await attach(record.id, { runtime });
    if (!run.hasEnded) {
      await run.interrupt();
      await followToEnd(run, reporter, signal);
    }
    await reporter.result({ ok: true, id: run.id, state: run.record.state, reason: run.record.reason ?? null }, () => `${run.id}: ${run.record.state}${run.record.reason ? `, ${run.record.reason}` : ""}`);
  }));
  process.exitCode = EXIT.ok;
}

async function stop(name: string, options: Common): Promise<void> {
  const reporter = new Reporter(options), record = find(name);
  const runtime = reopenRuntime(asStandard(record));
  const same = (other: RunRecord): boolean => JSON.stringify(other.address) === JSON.stringify(record.address);
  try {
    await runtime.start((line) => reporter.note(line));
    // How its jobs stand is asked while there is someone to answer.
    const open = listRuns().filter((other) => same(other) && other.state !== "preparing" && !hasEnded(other.state));
    for (const { id } of open) {
      const run = await attach(id, { runtime });
      if (!run.hasEnded) await run.interrupt();
      await run.wait();
    }
    await runtime.stop();
    await reporter.result({ ok: true, driver: record.driver, address: record.address, ended: open.map(({ id }) => id) }, () => `Stopped ${Object.values(record.address).join(" ")}; ${open.length === 0 ? "no job was running" : `ended ${open.map(({ id }) => id).join(", ")}`}`);
  } finally {
    await runtime.close();
  }
  process.exitCode = EXIT.ok;
}

async function fetch(name: string, options: Common): Promise<void> {
  const reporter = new Reporter(options), record = find(name);
  await withRuntime(asStandard(record), async (runtime) => {
    const run = await attach(record.id, { runtime });
    let done = 0;
    const paths = await run.fetch((bytes) => {
      done += bytes;
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${(done / 1e6).toFixed(1)} MB`);
    });
    if (process.stderr.isTTY && done > 0) process.stderr.write("\n");
    const artifacts = run.record.artifacts ?? [];
    await reporter.result({ ok: true, id: run.id, artifacts, paths }, () => artifacts.length === 0 ? `${run.id} left no artifacts` : textTable(
      ["artifact", "bytes", "sha256", "here"], artifacts.map(({ path, bytes, sha256 }) => [path, bytes, sha256.slice(0, 12), paths[path] ?? ""]),
    ));
  });
  process.exitCode = EXIT.ok;
}

async function resume(name: string, options: Common): Promise<void> {
  const reporter = new Reporter(options), record = find(name);
  await interruptible((signal) => withRuntime(record, async (runtime) => {
    const run = await attach(record.id, { runtime, report: (line) => reporter.note(line) });
    await run.resume((line) => reporter.note(line));
    reporter.note(`${run.id}: attempt ${run.record.attempt ?? 1} has begun`);
    if (!run.hasEnded) await followToEnd(run, reporter, signal);
    await resultOf(run, reporter);
  }));
}

async function remove(name: string, options: Common & { here?: boolean }): Promise<void> {
  const reporter = new Reporter(options), record = find(name);
  let there = false;
  if (options.here !== true && record.state !== "preparing") {
    if (!hasEnded(record.state)) throw new PairError("request", `${record.id} is ${record.state} as far as is known here: interrupt it first, or remove it --here and leave its job alone`);
    await withRuntime(asStandard(record), async (runtime) => {
      if (!runtime.remove) return;
      await runtime.remove(record.id);
      there = true;
    });
  }
  removeRun(record.id);
  await reporter.result({ ok: true, id: record.id, there }, () => `Removed ${record.id} here${there ? " and in its runtime" : ""}`);
  process.exitCode = EXIT.ok;
}
