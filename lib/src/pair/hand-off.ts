/**
 * The route that needs nothing but a browser: `exec` writes a notebook, the student runs it in Colab and brings back one file.
 *
 * Nothing connects to the machine, so nobody knows how the job stands until its results are here; until then its state is
 * `starting`. The student's own hands open the notebook and carry the file, which is what Colab's free tier is for.
 */
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { findPii } from "../data/pii/index.js";
import { findWorkbookHome } from "../course/workbook.js";
import { extract, readBundle } from "./bundle.js";
import { PairError } from "./error.js";
import { handOffNotebook } from "./hand-off-notebook.js";
import { FOLLOWED, JobState, type Command, type RuntimeFacts } from "./job.js";
import { UPLOAD_URL } from "./notebook.js";
import { loadRun, runsFolder } from "./runs.js";
import type { Address, Report, Runtime, Tail } from "./runtime.js";
import type { SentFile } from "./sending.js";

/** Where the pieces lie in a run's folder. */
const NOTEBOOK_FOLDER = "hand-off", RESULTS = "results", BUNDLE = "results.zip", REFUSED = "refused", EARLIER = "earlier.json";

const Earlier = z.array(z.object({ started: z.number(), attempt: z.number() }));

export interface HandOffOptions {
  /** Where the workbook keeps runs; default: its own `.workbook`. */
  home?: string;
  /** A folder where the browser puts downloads, which is then looked into; default: LLMOPS_DOWNLOADS, else none. */
  downloads?: string;
  env?: Readonly<Record<string, string | undefined>>;
}

/** The hand-off to Colab. */
export const openHandOff = (options: HandOffOptions = {}): HandOff => new HandOff(options);

export class HandOff implements Runtime {
  readonly driver = "hand-off";
  readonly says = "a Colab T4 by hand-off: a notebook that you run there, a file of results that you bring back; free";
  readonly address: Address = { driver: "hand-off" };
  readonly #home: string;
  readonly #downloads: string | undefined;
  readonly #put = new Map<string, SentFile[]>();
  /** Files of the downloads folder that were refused, as they were then: each is told of once. */
  readonly #refused = new Set<string>();

  /** Use {@link openHandOff}. */
  constructor({ home = findWorkbookHome(), downloads, env = process.env }: HandOffOptions) {
    this.#home = home;
    const named = downloads ?? env["LLMOPS_DOWNLOADS"];
    this.#downloads = named ? resolve(named) : undefined;
  }

  /** There is no machine before the student opens one: what it was stands in the results. */
  start(report: Report = () => {}): Promise<RuntimeFacts | undefined> {
    if (this.#downloads !== undefined && !existsSync(this.#downloads)) return Promise.reject(new PairError("setup", `LLMOPS_DOWNLOADS is ${this.#downloads}, and there is no such folder`));
    report("By hand-off: a notebook is written for Colab. Nothing is sent anywhere.");
    return Promise.resolve(undefined);
  }

  /** Remembers the file for the notebook that `exec` writes. */
  put(path: string, content: Uint8Array): Promise<void> {
    const [job = "", ...rest] = path.split("/"), inner = rest.join("/");
    const files = (this.#put.get(job) ?? []).filter((file) => file.path !== inner);
    const sha256 = createHash("sha256").update(content).digest("hex");
    this.#put.set(job, [...files, { path: inner, content: Buffer.from(content), sha256 }]);
    return Promise.resolve();
  }

  /** Writes the notebook; the answer's reason says what to do with it. */
  async exec(job: string, command: Command, again = false): Promise<JobState> {
    const record = loadRun(job, this.#home);
    if (this.#imported(job)) {
      if (!again) return this.status(job);
      this.#setAside(job);
    }
    if (command.env && Object.keys(command.env).length) throw new PairError("unsupported", "a hand-off carries no environment variables: put a key into Colab's Secrets, and anything else into the recipe");
    const { notebook, data } = handOffNotebook(record, command, this.#put.get(job) ?? [], this.#attempt(job));
    refuseSecrets(notebook.cells.map(({ source }) => source));
    const folder = join(this.#folder(job), NOTEBOOK_FOLDER);
    mkdirSync(folder, { recursive: true });
    writeWhole(this.notebookPath(job), `${JSON.stringify(notebook, null, 1)}\n`);
    if (data) writeWhole(join(folder, data.name), data.content);
    return this.status(job);
  }

  /** The notebook of a run. */
  notebookPath(job: string): string {
    return join(this.#folder(job), NOTEBOOK_FOLDER, `${job}.ipynb`);
  }

  /** How the job stood when its results were packed; before they are here, what is to be done. */
  async status(job: string): Promise<JobState> {
    if (!this.#imported(job)) await this.#lookAround(job);
    const imported = this.#imported(job);
    if (imported) return imported;
    if (!existsSync(this.notebookPath(job))) return { state: "absent", now: Date.now() / 1000, sizes: {}, checkpoints: [] };
    return { state: "starting", attempt: this.#attempt(job), now: Date.now() / 1000, sizes: {}, checkpoints: [], reason: this.#whatToDo(job) };
  }

  /**
   * Takes the results that the student brought, if every byte is as their manifest lists it. A file in the run's own folder that is
   * refused is put aside into `refused/`; one that lies elsewhere stays where it is.
   *
   * @throws PairError `damaged` with the reason: cut, changed, of another run, of another recipe, of an earlier attempt
   */
  async bring(job: string, path: string): Promise<JobState> {
    const record = loadRun(job, this.#home), source = resolve(path), folder = this.#folder(job);
    if (record.driver !== "hand-off") throw new PairError("request", `${job} runs by the route ${record.driver}: attach to it, and fetch`);
    if (!statSync(source, { throwIfNoEntry: false })?.isFile()) throw new PairError("request", `there is no file ${source}`);
    try {
      const { head, own } = await readBundle(source, record);
      const before = this.#imported(job), { started } = head.state;
      if (this.#earlier(job).some((attempt) => attempt.started === (started ?? 0))) throw new PairError("damaged", `it is of an attempt that was brought before the job was resumed`);
      if (before && before.started === started) return before;
      if (before && (before.started ?? 0) > (started ?? 0)) throw new PairError("damaged", `newer results of this run are here already`);
      const place = join(folder, RESULTS), fresh = `${place}.new`;
      rmSync(fresh, { recursive: true, force: true });
      mkdirSync(fresh, { recursive: true });
      for (const [name, content] of own) writeFileSync(join(fresh, name), content);
      const isAnew = this.#earlier(job).length > 0 && head.state.attempt === 1;
      for (const name of FOLLOWED) goOn(join(folder, name), join(fresh, name), isAnew);
      writeFileSync(join(fresh, "state.json"), JSON.stringify(head.state));
      writeFileSync(join(fresh, "machine.json"), JSON.stringify({ machine: head.machine, packages: head.packages }, null, 2));
      const bundle = join(folder, BUNDLE);
      if (dirname(source) === folder) renameSync(source, bundle);
      else {
        copyFileSync(source, `${bundle}.new`);
        renameSync(`${bundle}.new`, bundle);
      }
      rmSync(place, { recursive: true, force: true });
      renameSync(fresh, place); // last: with it, the results are here
    } catch (error) {
      if (!(error instanceof PairError)) throw error;
      const aside = dirname(source) === folder ? join(folder, REFUSED, `${Date.now()}-${randomBytes(3).toString("hex")}-${basename(source)}`) : undefined;
      if (aside) {
        mkdirSync(dirname(aside), { recursive: true });
        renameSync(source, aside);
      }
      throw new PairError(error.code, `${basename(source)} was not taken: ${error.message}. It ${aside ? `was put aside as ${aside}` : "was left where it is"}`, { cause: error });
    }
    return this.status(job);
  }

  async tail(job: string, file: string, offset: number, limit = Number.MAX_SAFE_INTEGER): Promise<Tail> {
    const path = join(this.#folder(job), RESULTS, file);
    if (!existsSync(path)) return { bytes: new Uint8Array(), size: undefined };
    const content = await readFile(path);
    return { bytes: content.subarray(offset, offset + limit), size: content.length };
  }

  async get(job: string, file: string, target: string, onBytes: (bytes: number) => void = () => {}): Promise<void> {
    const bundle = join(this.#folder(job), BUNDLE);
    if (!file.startsWith("artifacts/") || !existsSync(bundle)) throw new PairError("damaged", `${file} is not among what came back of ${job}`);
    mkdirSync(dirname(target), { recursive: true });
    const offset = statSync(target, { throwIfNoEntry: false })?.size ?? 0;
    onBytes(await extract(bundle, file.slice("artifacts/".length), target, offset));
  }

  async interrupt(job: string): Promise<JobState> {
    if (this.#imported(job)) return this.status(job);
    throw new PairError("unsupported", `nothing connects to the machine of ${job}: tick STOP_THE_JOB in the last cell of its notebook, run that cell, then pack the results`);
  }

  stop(): Promise<void> {
    return Promise.reject(new PairError("unsupported", "nothing connects to that machine: end it in Colab with Runtime > Disconnect and delete runtime, or with END_THE_MACHINE in the last cell"));
  }

  async close(): Promise<void> {}

  #folder(job: string): string {
    return join(runsFolder(this.#home), job);
  }

  #imported(job: string): JobState | undefined {
    const folder = join(this.#folder(job), RESULTS), path = join(folder, "state.json");
    if (!existsSync(path)) return undefined;
    const sizes = Object.fromEntries(FOLLOWED.flatMap((name) => (existsSync(join(folder, name)) ? [[name, statSync(join(folder, name)).size]] : [])));
    return { ...JobState.parse(JSON.parse(readFileSync(path, "utf8"))), sizes };
  }

  /** Looks for results that were put back: into the run's folder, and into the downloads if the student named them. */
  async #lookAround(job: string): Promise<void> {
    // Browsers call a second download `results-… (1).zip`.
    const isBundle = (name: string): boolean => name.startsWith(`results-${job}`) && name.endsWith(".zip");
    const found = [this.#folder(job), this.#downloads].flatMap((folder) => (folder && existsSync(folder) ? readdirSync(folder).filter(isBundle).map((name) => join(folder, name)) : []));
    const newest = found.map((path) => ({ path, time: statSync(path).mtimeMs })).sort((one, other) => other.time - one.time);
    let first: Error | undefined;
    for (const { path, time } of newest) {
      if (this.#refused.has(`${path} ${time}`)) continue;
      try {
        await this.bring(job, path);
        return;
      } catch (error) {
        if (existsSync(path)) this.#refused.add(`${path} ${time}`);
        first ??= error as Error;
      }
    }
    if (first !== undefined) throw first;
  }

  /** Before a run goes on: what came back of it stays, and is not taken for the next attempt's. */
  #setAside(job: string): void {
    const folder = this.#folder(job), before = this.#imported(job);
    const earlier = [...this.#earlier(job), { started: before?.started ?? 0, attempt: before?.attempt ?? 1 }];
    writeWhole(join(folder, EARLIER), JSON.stringify(earlier));
    rmSync(join(folder, RESULTS), { recursive: true, force: true });
    if (existsSync(join(folder, BUNDLE))) renameSync(join(folder, BUNDLE), join(folder, `attempt-${earlier.length}.zip`));
  }

  /** The attempts that came back before the run was resumed: their numbers, and when they started. */
  #earlier(job: string): z.output<typeof Earlier> {
    const path = join(this.#folder(job), EARLIER);
    return existsSync(path) ? Earlier.parse(JSON.parse(readFileSync(path, "utf8"))) : [];
  }

  /** The number that the next attempt has, on whichever machine. */
  #attempt(job: string): number {
    return 1 + Math.max(0, ...this.#earlier(job).map(({ attempt }) => attempt));
  }

  #whatToDo(job: string): string {
    const data = join(this.#folder(job), NOTEBOOK_FOLDER, `data-${job}.bin`);
    return [
      `the notebook waits for you: open ${UPLOAD_URL} (or File > Upload notebook in Colab), upload ${this.notebookPath(job)}`,
      ...(existsSync(data) ? [`and ${data} when it asks`] : []),
      `and choose Runtime > Run all. Put the results-${job}.zip that it saves into ${this.#folder(job)}${this.#downloads ? ` or leave it in ${this.#downloads}` : ""}, or give it to: npm run llmops -- runs bring ${job} FILE`,
    ].join(", ");
  }
}

/**
 * A job that began anew on a fresh machine reports from its first step again: what is here of earlier attempts stays before it, as
 * on a machine that was not lost.
 */
function goOn(here: string, brought: string, isAnew: boolean): void {
  if (!existsSync(here) || !existsSync(brought)) return;
  const old = readFileSync(here), fresh = readFileSync(brought);
  if (isAnew || !fresh.subarray(0, old.length).equals(old)) writeFileSync(brought, Buffer.concat([old.subarray(0, old.lastIndexOf(10) + 1), fresh]));
}

/** The files were looked through when the job was gathered; this looks at the notebook itself: its command, its text. */
function refuseSecrets(sources: readonly string[]): void {
  const packed = /"""[\s\S]*?"""/g;
  const found = sources.flatMap((source) => findPii(source.replaceAll(packed, ""), { kinds: ["secret", "url-credentials"] }))[0];
  if (found) throw new PairError("secret", "the job's command holds what looks like a key or a password; no notebook was written. Take it out: in Colab, keys come from the Secrets panel");
}

function writeWhole(path: string, content: string | Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
