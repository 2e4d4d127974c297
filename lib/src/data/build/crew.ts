import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { TokenizerSource } from "../tokens/tokenizer.js";
import { JobRunner, type CleanJob, type Job, type JobSettings, type ResultOf } from "./jobs.js";
import type { CountJob } from "./counter.js";
import type { CleanedRows } from "./row-steps.js";
import type { Answer } from "./thread.js";

/** Jobs a worker has at hand, the one that it does included: it never waits for the next. */
const AT_HAND = 2;
/** This thread writes what all workers make: more of them would wait for it. */
const MOST_WORKERS = 8;

/**
 * Source bytes that a worker must have to read. One takes some 70 MiB, and 0.3 s until it helps: with less to do, a build
 * would be over hardly sooner and take more memory than its rows.
 */
const WORKER_BYTES = 32 * 1024 * 1024;

/** One worker per core but this thread's, and none for what this thread has soon done itself. */
export function defaultWorkers(sourceBytes: number): number {
  return Math.min(Math.max(availableParallelism() - 1, 1), MOST_WORKERS, Math.floor(sourceBytes / WORKER_BYTES));
}

/**
 * Source bytes from which a build without workers has its tokens counted in a thread beside it: some 25 MiB for a tenth of the
 * time. It holds the vocabulary, which this thread then does without.
 */
const COUNTER_BYTES = 4 * 1024 * 1024;

/** Whether a build of so many bytes, with the default of workers, counts tokens in a thread of its own. */
export function countsBeside(sourceBytes: number, tokenizer: TokenizerSource): boolean {
  return typeof tokenizer === "string" && sourceBytes >= COUNTER_BYTES && availableParallelism() > 1 && defaultWorkers(sourceBytes) === 0;
}

interface Task<J extends Job> {
  job: J;
  settled: boolean;
  result: Promise<ResultOf<J>>;
}

/**
 * The threads of a build: workers, and this one, which does a job itself whenever all workers have enough at hand.
 * Results come in the order of the jobs. {@link close} ends the workers, also in the middle of a job.
 */
export class Crew {
  readonly #settings: JobSettings;
  readonly #count: number;
  readonly #workers: JobThread<Job, ResultOf<Job>>[] = [];
  readonly #countsBeside: boolean;
  #counter: JobThread<CountJob, Uint32Array> | undefined;
  #runner: Promise<JobRunner> | undefined;

  /**
   * @param workers - threads beside this one, started with the first job; 0: everything in this thread
   * @param countsBeside - whether tokens of rows that this thread cleans are counted in a further one
   */
  constructor(settings: JobSettings, workers: number, countsBeside = false) {
    this.#settings = settings;
    this.#count = workers;
    this.#countsBeside = countsBeside;
  }

  /**
   * Does jobs. At most a few jobs a thread are in memory at a time. What was done before `jobs` threw comes first, then
   * the error. The bytes of a job to read are gone afterwards.
   *
   * @throws what a job threw, in its turn; Error when a worker ended by itself
   */
  async *map<J extends Job>(jobs: AsyncIterable<J> | Iterable<J>): AsyncGenerator<{ job: J; result: ResultOf<J> }, void, void> {
    const runner = await (this.#runner ??= JobRunner.open(this.#settings));
    const tasks: Task<J>[] = [];
    let failure: { error: unknown } | undefined;
    const next = async (): Promise<{ job: J; result: ResultOf<J> }> => {
      const { job, result } = tasks.shift() as Task<J>;
      return { job, result: await result };
    };
    try {
      for await (const job of jobs) {
        tasks.push(this.#assign(job, runner));
        // Messages of workers, signals and timers get their turn also where the jobs come without waiting.
        await nextTurn();
        while (tasks[0]?.settled || tasks.length > (AT_HAND + 2) * (this.#workers.length + 1)) yield await next();
      }
    } catch (error) {
      failure = { error };
    }
    while (tasks.length > 0) yield await next();
    if (failure) throw failure.error;
  }

  #assign<J extends Job>(job: J, runner: JobRunner): Task<J> {
    while (this.#workers.length < this.#count) this.#workers.push(new JobThread("worker.js", "llmops data build", this.#settings));
    if (this.#countsBeside) this.#counter ??= new JobThread("counter.js", "llmops data build: tokens", this.#settings.tokenizer);
    let free: JobThread<Job, ResultOf<Job>> | undefined;
    for (const worker of this.#workers) if (worker.waiting < AT_HAND && worker.waiting < (free?.waiting ?? AT_HAND)) free = worker;
    const here = !free && !(this.#counter && job.kind === "clean");
    const result = (free ? free.perform(job, job.kind === "read" ? [job.bytes.buffer] : [])
      : here ? new Promise((resolve) => { resolve(runner.perform(job)); })
      : this.#cleanAndCount(job as CleanJob, runner, this.#counter as JobThread<CountJob, Uint32Array>)) as Promise<ResultOf<J>>;
    const task: Task<J> = { job, settled: here, result };
    const settle = (): void => { task.settled = true; };
    task.result.then(settle, settle);
    return task;
  }

  /** Counts the rows as they were, then again those in which something was masked. */
  async #cleanAndCount(job: CleanJob, runner: JobRunner, counter: JobThread<CountJob, Uint32Array>): Promise<CleanedRows> {
    const counting = counter.perform({ kind: "rows", bytes: job.bytes, skip: job.skip });
    // What cleaning throws comes first.
    counting.catch(() => undefined);
    const cleaned = runner.perform<CleanJob>({ ...job, keepJson: true }, false);
    const masked = [...cleaned.masked];
    const again = masked.length === 0 ? [] : await counter.perform({ kind: "examples", examples: masked.map(([, { json }]) => json as string) });
    cleaned.tokens = await counting;
    for (const [at, [row]] of masked.entries()) cleaned.tokens[row] = again[at] as number;
    return cleaned;
  }

  async close(): Promise<void> {
    const threads = [...this.#workers.splice(0), ...(this.#counter ? [this.#counter] : [])];
    this.#counter = undefined;
    await Promise.all(threads.map((thread) => thread.close()));
  }
}

/** A thread that answers its jobs in the order in which it got them. */
class JobThread<J, R> {
  readonly #thread: Worker;
  readonly #jobs: { resolve: (result: R) => void; reject: (error: unknown) => void }[] = [];
  #failure: Error | undefined;

  constructor(file: string, name: string, data: unknown) {
    this.#thread = new Worker(join(__dirname, file), {
      workerData: data, name,
      // Without the flags of this process: a notebook's or a test's are not the worker's.
      execArgv: [],
      // Rows are short-lived: a larger nursery only takes memory, 35 MB a worker when it was measured.
      resourceLimits: { maxYoungGenerationSizeMb: 32 },
    });
    this.#thread.on("message", (answer: Answer<R>) => {
      const job = this.#jobs.shift();
      if ("error" in answer) job?.reject(answer.error);
      else job?.resolve(answer.result);
    });
    this.#thread.on("error", (error) => { this.#fail(error instanceof Error ? error : new Error(String(error))); });
    this.#thread.on("messageerror", (error) => { this.#fail(error); });
    this.#thread.on("exit", (code) => { this.#fail(new Error(`a worker thread of the build ended with code ${code}; start it again, with --workers 0 to do without`)); });
  }

  get waiting(): number {
    return this.#jobs.length;
  }

  /** @param handed - memory of the job that the thread takes over instead of copying it */
  perform(job: J, handed: ArrayBuffer[] = []): Promise<R> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise<R>((resolve, reject) => {
      this.#jobs.push({ resolve, reject });
      this.#thread.postMessage(job, handed);
    });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#jobs.splice(0)) reject(this.#failure);
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}
