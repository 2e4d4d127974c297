/** A run: a job on a runtime with its record here. It is launched once, followed from anywhere, and fetched when it has ended. */
import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { findWorkbookHome } from "../course/workbook.js";
import { checkResult, download, isSame, readManifest } from "./artifacts.js";
import { MachineGone, PairError } from "./error.js";
import { FOLLOWED, hasEnded, jobName, type Command, type Job, type JobState, type Metric } from "./job.js";
import { MetricsFile } from "./metrics-file.js";
import { reopenRuntime } from "./open.js";
import { loadRun, newRunId, runsFolder, saveRun, type RunRecord } from "./runs.js";
import type { Report, Runtime } from "./runtime.js";
import { gather, hashRecipe } from "./sending.js";

const POLL_MS = 500;
/** So long `wait` goes on trying while the runtime cannot be reached. */
const PATIENCE_MS = 300_000;
const LONGEST_PAUSE_MS = 10_000;

export interface LaunchOptions {
  report?: Report;
  /** Where the workbook keeps runs; default: its own `.workbook`. */
  home?: string;
  /** Dollars an hour of the machine; default 0. */
  usdPerHour?: number;
  remedyOf?: RunRecord["remedyOf"];
}

/**
 * Sends a job to a runtime and starts it there.
 *
 * The record is written before anything is sent: a launch that breaks off is completed by `attach`, and nothing starts twice.
 */
export async function launch(job: Job, runtime: Runtime, options: LaunchOptions = {}): Promise<Run> {
  const { home = findWorkbookHome(), report = () => {}, usdPerHour = 0, remedyOf } = options;
  const name = jobName.safeParse(job.name);
  if (!name.success) throw new PairError("setup", `the job's name "${job.name}" will not do: ${name.error.issues[0]?.message}`);
  const files = gather(job);
  const now = new Date(), id = newRunId(job.name, now);
  const folder = join(runsFolder(home), id);
  for (const { path, content } of files) {
    mkdirSync(dirname(join(folder, "sent", path)), { recursive: true });
    writeFileSync(join(folder, "sent", path), content);
  }
  const record: RunRecord = {
    version: 1, id, name: job.name, created: now.toISOString(), updated: now.toISOString(),
    driver: runtime.driver, address: { ...runtime.address }, recipeHash: hashRecipe(job, files),
    command: [...job.command], packages: job.packages ?? "training",
    ...(job.minutes === undefined ? {} : { minutes: job.minutes }), ...(job.memoryGib === undefined ? {} : { memoryGib: job.memoryGib }),
    sent: files.map(({ path, content, sha256 }) => ({ path, bytes: content.length, sha256 })),
    state: "preparing", usdPerHour, ...(job.plan ? { plan: job.plan } : {}), results: Object.keys(job.results ?? {}), ...(remedyOf ? { remedyOf } : {}),
  };
  saveRun(record, home);
  const run = new Run(record, runtime, home, job);
  await run.begin(report);
  return run;
}

export interface AttachOptions {
  report?: Report;
  home?: string;
  /** The runtime, where it is open already; else it is found again by its address. */
  runtime?: Runtime;
  /** The job as it was launched: brings the schemas of its results and its remedies, which no record can hold. */
  job?: Job;
}

/** Picks a run up again: after the notebook was closed, the kernel killed, the network lost. Completes a launch that broke off. */
export async function attach(id: string, { report = () => {}, home = findWorkbookHome(), runtime, job }: AttachOptions = {}): Promise<Run> {
  const record = loadRun(id, home);
  const run = new Run(record, runtime ?? reopenRuntime(record, home, report), home, job);
  if (record.state === "preparing") await run.begin(report);
  else if (!hasEnded(record.state)) await run.sync();
  else run.readMetrics();
  return run;
}

export class Run {
  readonly #runtime: Runtime;
  readonly #home: string;
  readonly #job: Job | undefined;
  #record: RunRecord;
  readonly #metrics: MetricsFile;
  /** Seconds that the runtime's clock is ahead of this one. */
  #ahead = 0;

  /** Use {@link launch} or {@link attach}. */
  constructor(record: RunRecord, runtime: Runtime, home: string, job: Job | undefined) {
    this.#record = record;
    this.#runtime = runtime;
    this.#home = home;
    this.#job = job;
    this.#metrics = new MetricsFile(join(this.folder, "metrics.jsonl"));
  }

  get id(): string {
    return this.#record.id;
  }

  /** The record as it was last saved. */
  get record(): Readonly<RunRecord> {
    return this.#record;
  }

  get runtime(): Runtime {
    return this.#runtime;
  }

  /** The run's folder on this machine: record, metrics, log, artifacts. */
  get folder(): string {
    return join(runsFolder(this.#home), this.id);
  }

  get hasEnded(): boolean {
    return this.#record.state !== "preparing" && hasEnded(this.#record.state);
  }

  /** Every metric that has come home, oldest first; of steps that a resumed run did twice, the second. */
  get metrics(): readonly Metric[] {
    return this.#metrics.metrics;
  }

  /** Reads the metrics that are here already, without a look at the runtime. */
  readMetrics(): void {
    this.#metrics.read();
  }

  get log(): string {
    const path = join(this.folder, "log.txt");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Seconds that the job has run, all its attempts together, by the runtime's clock. */
  seconds(): number {
    const { earlierSeconds = 0 } = this.#record;
    return earlierSeconds + this.#attemptSeconds();
  }

  #attemptSeconds(): number {
    const { started, ended } = this.#record;
    return started === undefined ? 0 : Math.max(0, (ended ?? Date.now() / 1000 + this.#ahead) - started);
  }

  /** What the machine has cost so far, in dollars. */
  usd(): number {
    return (this.seconds() / 3600) * this.#record.usdPerHour;
  }

  /** Sends what is not there yet and starts the job. Every step can be taken twice. */
  async begin(report: Report): Promise<void> {
    await this.#send(report, ({ path, bytes }) => report(`Sending ${path} (${bytes.toLocaleString("en-US")} bytes)`));
    await this.#take(await this.#runtime.exec(this.id, this.#command()));
  }

  /** Readies the runtime and its files; one that is there with the same bytes is not sent again. */
  async #send(report: Report, onFile: (file: RunRecord["sent"][number]) => void = () => {}): Promise<void> {
    await this.#runtime.start(report);
    this.#save({ address: { ...this.#runtime.address } }); // some routes know their machine only now
    for (const file of this.#record.sent) {
      onFile(file);
      await this.#runtime.put(`${this.id}/${file.path}`, readFileSync(join(this.folder, "sent", file.path)));
    }
  }

  /**
   * Brings home what is new: how the job stands, then metrics and log up to what they were then. The size of a file here is
   * the offset to go on from, and bytes are written at their place, so that two followers at once, or one killed while it
   * wrote, neither lose nor double anything.
   */
  async sync(): Promise<JobState> {
    let state: JobState;
    try {
      state = await this.#runtime.status(this.id);
      await this.#take(state);
    } catch (error) {
      if (!(error instanceof MachineGone)) throw error;
      state = { state: "lost", reason: error.message, now: Date.now() / 1000, sizes: {}, checkpoints: [] };
      this.#note(state);
    }
    return state;
  }

  /** In this order: a record that says how the job ended promises that all it wrote is here. */
  async #take(state: JobState): Promise<void> {
    this.#ahead = state.now - Date.now() / 1000;
    for (const name of FOLLOWED) await this.#follow(name, state.sizes[name] ?? 0);
    this.#metrics.read();
    this.#note(state);
  }

  /**
   * Follows the run to its end. `onChange` is called after every look that brought something. A runtime that cannot be reached
   * for a while is asked again for five minutes.
   *
   * @throws PairError `lost` or `timeout` after that; the job goes on, and `attach` finds it
   */
  async wait(onChange: (run: Run) => void = () => {}, { signal, pollMs = POLL_MS }: { signal?: AbortSignal; pollMs?: number } = {}): Promise<Run> {
    let heard = Date.now(), pause = pollMs;
    for (;;) {
      signal?.throwIfAborted();
      const before = JSON.stringify([this.#record.state, this.metrics.length]);
      try {
        await this.sync();
        heard = Date.now();
        pause = pollMs;
      } catch (error) {
        if (!(error instanceof PairError && (error.code === "lost" || error.code === "timeout")) || Date.now() - heard > PATIENCE_MS) throw error;
        pause = Math.min(2 * Math.max(pause, POLL_MS), LONGEST_PAUSE_MS);
      }
      if (JSON.stringify([this.#record.state, this.metrics.length]) !== before) onChange(this);
      if (this.hasEnded) return this;
      await sleep(pause, undefined, signal ? { signal } : {});
    }
  }

  /** Asks the job to end. It has when `wait` comes back. */
  async interrupt(): Promise<void> {
    await this.#take(await this.#runtime.interrupt(this.id));
  }

  /**
   * Starts the job anew in its folder after an end: it goes on from its own checkpoints. Metrics are appended; on a machine
   * whose disk was emptied they are put back first, so that they go on from where they were here.
   */
  async resume(report: Report = () => {}): Promise<void> {
    if (!this.hasEnded) throw new PairError("request", `${this.id} has not ended`);
    await this.#send(report);
    if ((await this.#runtime.status(this.id)).state === "absent") {
      for (const name of FOLLOWED.filter((name) => existsSync(join(this.folder, name)))) await this.#runtime.put(`${this.id}/${name}`, readFileSync(join(this.folder, name)));
    }
    const earlierSeconds = this.seconds();
    const state = await this.#runtime.exec(this.id, { ...this.#command(), reached: this.#record.attempt ?? 0 }, true);
    this.#save({ earlierSeconds });
    await this.#take(state);
  }

  /**
   * Brings the artifacts home, each held against the manifest's SHA-256 and, where the job says how it must look, its schema.
   * A download that broke off goes on where it was.
   *
   * @throws PairError `damaged` for a file with other bytes than promised; what is wrong is set aside, and the rest is kept
   */
  async fetch(onBytes?: (bytes: number) => void): Promise<Record<string, string>> {
    if (!this.hasEnded) throw new PairError("request", `${this.id} is ${this.#record.state}: wait for its end, then fetch`);
    const manifest = await readManifest(this.#runtime, this.id, this.#record.reason);
    const missing = this.#record.results.filter((name) => !manifest.artifacts.some(({ path }) => path === name));
    if (this.#record.state === "finished" && missing.length) throw new PairError("damaged", `${this.id} finished without ${missing.join(", ")}; its log says why: ${join(this.folder, "log.txt")}`);
    const paths: Record<string, string> = {};
    for (const artifact of manifest.artifacts) {
      const target = join(this.folder, "artifacts", artifact.path);
      if (!(await isSame(target, artifact))) await download(this.#runtime, this.id, artifact, target, onBytes);
      checkResult(artifact.path, target, this.#job?.results?.[artifact.path]);
      paths[artifact.path] = target;
    }
    this.#save({ artifacts: manifest.artifacts });
    return paths;
  }

  /** A result by its name, parsed by the schema that the job gives for it. Fetch first. */
  result<T>(name: string, schema: z.ZodType<T>): T {
    const path = join(this.folder, "artifacts", name);
    if (!existsSync(path)) throw new PairError("request", `${name} is not here yet: fetch the run first`);
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  }

  /** What the job's plan would change next; undefined where it knows nothing more, or was not given to `attach`. */
  nextRemedy(): { says: string; recipe: unknown } | undefined {
    return this.#job?.remedy?.(this.recipe);
  }

  /** The recipe that this run was sent. A job that `attach` was given may hold an earlier one, of before a remedy. */
  get recipe(): unknown {
    const path = join(this.folder, "sent", "recipe.json");
    return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as unknown) : undefined;
  }

  /** After `out-of-memory`: the next remedy that the job's plan knows, launched. Undefined where nothing is left to try. */
  async relaunch(options: LaunchOptions = {}): Promise<Run | undefined> {
    if (this.#record.state !== "out-of-memory") throw new PairError("request", `${this.id} is ${this.#record.state}: a remedy is for a run that is out-of-memory`);
    if (this.#job?.remedy === undefined) throw new PairError("unsupported", `${this.id} was attached without its job, or its job knows no remedies: launch it anew with a smaller recipe`);
    const next = this.nextRemedy();
    if (!next) return undefined;
    return launch({ ...this.#job, recipe: next.recipe }, this.#runtime, { home: this.#home, usdPerHour: this.#record.usdPerHour, ...options, remedyOf: { run: this.id, says: next.says } });
  }

  #command(): Command {
    const { command, minutes, memoryGib } = this.#record;
    return { command, ...(minutes === undefined ? {} : { minutes }), ...(memoryGib === undefined ? {} : { memoryGib }) };
  }

  #note(state: JobState): void {
    const { state: name, reason, attempt, started, ended, now, host_peak_bytes: hostPeak } = state;
    if (name === "absent") {
      this.#save({ state: "lost", reason: "the runtime is there, but it knows nothing of this job: its disk was emptied", ended: this.#record.ended ?? now });
      return;
    }
    const known = { ...(attempt === undefined ? {} : { attempt }), ...(started === undefined ? {} : { started }), ...(hostPeak == null ? {} : { hostPeakBytes: hostPeak }) };
    this.#save({ state: name, reason: reason ?? null, ...known, ended: hasEnded(name) ? ended : undefined });
  }

  /** Changes the record on disk, where another process that follows the same run may have written since: an end stays one. */
  #save(change: Omit<Partial<RunRecord>, "ended"> & { ended?: number | undefined }): void {
    const there = readRecord(this.id, this.#home) ?? this.#record;
    const { state = there.state, attempt = 0 } = change;
    const isPast = isFinal(there.state) && !isFinal(state) && attempt <= (there.attempt ?? 0);
    const { ended, ...rest } = { ...there, ...(isPast ? {} : change) };
    this.#record = ended === undefined ? rest : { ...rest, ended };
    if (!isDeepStrictEqual(this.#record, there)) saveRun(this.#record, this.#home);
  }

  async #follow(name: (typeof FOLLOWED)[number], until: number): Promise<void> {
    const path = join(this.folder, name);
    let offset = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (offset >= until) return;
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT); // never emptied: another follower may be writing the same
    try {
      while (offset < until) {
        const { bytes } = await this.#runtime.tail(this.id, name, offset);
        if (bytes.length === 0) break;
        offset += writeSync(file, bytes, 0, bytes.length, offset);
      }
    } finally {
      closeSync(file);
    }
  }
}

/** An end that no later look at the same attempt changes. `lost` is none: a runtime can come back. */
const isFinal = (state: RunRecord["state"]): boolean => state !== "preparing" && state !== "lost" && hasEnded(state);

function readRecord(id: string, home: string): RunRecord | undefined {
  try {
    return loadRun(id, home);
  } catch {
    return undefined; // it was removed, or is damaged: what is known here is written anew
  }
}
