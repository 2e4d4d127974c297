/** Follows a run where the student sits: a view that moves in place in a notebook, a line of progress in a terminal. */
import { chartBundle } from "../course/chart.js";
import { inNotebook, LiveDisplay, show, type MimeBundle } from "../course/display.js";
import { showTable } from "../course/table.js";
import { hasLoss, lossChart, lossCurves } from "./curve.js";
import { PairError } from "./error.js";
import { diagnose, type Finding } from "./health.js";
import { explainOutOfMemory } from "./out-of-memory.js";
import type { Run } from "./run.js";
import { endRow, findingRows, liveBundle, ownSummary, progressLine, STATE_WORDS, type Moment } from "./view.js";

export interface WatchOptions {
  /** Ends the watching, not the job. In a notebook the interrupt button does too. */
  signal?: AbortSignal;
  /** Milliseconds between two looks at the runtime; default 500. */
  pollMs?: number;
  /** Where progress goes outside a notebook; default: standard output. */
  terminal?: { isTTY?: boolean; columns?: number; write(text: string): unknown };
}

const POLL_MS = 500;
const REDRAW_MS = 250;
/** Time goes on where nothing comes: elapsed seconds, the silence of a job that is stuck. */
const TICK_MS = 1000;
/** A terminal that cannot go back gets a line this often. */
const LINE_MS = 10_000;
const DIAGNOSE_MS = 1000;
/** Of a hundred thousand readings, findings and picture take longer: no more than a tenth of the time is spent on them. */
const REST = 10;
/** A runtime that has not answered for so long is said to be silent, and after so long it is given up. */
const SILENT_MS = 10_000;
const GIVE_UP_MS = 10 * 60_000;
const LOG_LINES = 6;

/** The kernel's signal: aborts when the running cell is interrupted (jupyter/kernels/README.md). */
export const cellSignal = (): AbortSignal | undefined => (globalThis as { [key: symbol]: { signal?: AbortSignal } | undefined })[Symbol.for("llmops.interrupt")]?.signal;

/**
 * Shows a run until it ends: loss, learning rate, tokens a second, memory against the plan, time left, cost, and what is wrong
 * with it. What stays is a chart, a line of figures and the advice; of a job without a loss, what it measured.
 *
 * To stop watching leaves the job running; {@link attach} and another `watchRun` go on where it stands. A runtime that does not
 * answer is asked again for ten minutes.
 *
 * @throws the signal's reason when it aborts; PairError where the runtime is gone
 */
export async function watchRun(run: Run, { signal, pollMs = POLL_MS, terminal = process.stdout }: WatchOptions = {}): Promise<Run> {
  const signals = [signal, cellSignal()].filter((one) => one !== undefined);
  const stop = signals.length > 0 ? AbortSignal.any(signals) : undefined;
  const view = new View(run, terminal);
  const left = (): void => view.leave();
  stop?.addEventListener("abort", left, { once: true });
  const clock = setInterval(() => view.draw(), TICK_MS);
  try {
    view.draw();
    while (!run.hasEnded) {
      stop?.throwIfAborted();
      await view.look();
      view.draw();
      if (!run.hasEnded) await new Promise((wake) => setTimeout(wake, pollMs));
    }
  } finally {
    clearInterval(clock);
    stop?.removeEventListener("abort", left);
  }
  await view.end();
  return run;
}

class View {
  readonly #run: Run;
  readonly #terminal: NonNullable<WatchOptions["terminal"]>;
  readonly #display = new LiveDisplay();
  #drawn = { at: -Infinity, took: 0, content: "" };
  #findings: { at: number; took: number; list: Finding[] } = { at: -Infinity, took: 0, list: [] };
  #count = 0;
  #newsAt = performance.now();
  #answeredAt = performance.now();
  #left = false;

  constructor(run: Run, terminal: NonNullable<WatchOptions["terminal"]>) {
    this.#run = run;
    this.#terminal = terminal;
    this.#count = run.metrics.length;
  }

  /** One look at the runtime. No answer is no end: the job does not need the connection. */
  async look(): Promise<void> {
    try {
      await this.#run.sync();
      this.#answeredAt = performance.now();
    } catch (error) {
      if (!(error instanceof PairError && error.code === "timeout") || performance.now() - this.#answeredAt > GIVE_UP_MS) throw error;
    }
    if (this.#run.metrics.length === this.#count) return;
    this.#count = this.#run.metrics.length;
    this.#newsAt = performance.now();
  }

  draw(): void {
    const now = performance.now();
    if (this.#left) return; // an answer that was under way must not paint over the farewell
    if (now - this.#drawn.at < Math.max(inNotebook() || this.#terminal.isTTY ? REDRAW_MS : LINE_MS, REST * this.#drawn.took)) return;
    const silent = now - this.#answeredAt;
    const moment = this.#moment(silent > SILENT_MS
      ? `The runtime has not answered for ${Math.round(silent / 1000)} s; it is asked again. The job does not need the connection.`
      : "To stop watching, interrupt this cell: the job goes on.");
    if (inNotebook()) this.#show(liveBundle(moment), now);
    else this.#print(progressLine(moment), now);
  }

  /** Says how to come back. Called while the cell is being stopped, so nothing in it may wait. */
  leave(): void {
    this.#left = true;
    const { id, record } = this.#run;
    const note = `You stopped watching; the job is still ${STATE_WORDS[record.state]}. To see it again: await watchRun(await attach("${id}")). To end it: await (await attach("${id}")).interrupt()`;
    if (inNotebook()) this.#show(liveBundle(this.#moment(note)), performance.now());
    else this.#terminal.write(`\n${note}\n`);
  }

  async end(): Promise<void> {
    const run = this.#run, moment = { ...this.#moment(""), findings: diagnose(run.metrics, { plan: run.record.plan }) };
    const isChart = hasLoss(lossCurves(run.metrics)) && lossCurves(run.metrics).training.length + lossCurves(run.metrics).evaluation.length > 1;
    if (!inNotebook() && this.#terminal.isTTY) this.#terminal.write("\n");
    const chart = isChart ? lossChart(run.metrics, `Loss of ${run.record.name}`) : undefined;
    this.#display.end(chart ? await chartBundle(chart.spec, chart.alt) : (ownSummary(run.metrics) ?? { "text/plain": `${run.id}: ${STATE_WORDS[run.record.state]}. It reported nothing.` }));
    showTable([endRow(moment)], { caption: `${run.id}: ${STATE_WORDS[run.record.state]}` });
    if (moment.findings.length > 0) showTable(findingRows(moment.findings), { caption: "What its metrics say" });
    if (run.record.state === "out-of-memory") show({ "text/plain": (await explainOutOfMemory(run)).says });
    else if (!["finished", "interrupted"].includes(run.record.state)) show({ "text/plain": whyItEnded(run) });
  }

  #moment(note: string): Moment {
    const { metrics, record } = this.#run, now = performance.now();
    if (now - this.#findings.at >= Math.max(DIAGNOSE_MS, REST * this.#findings.took)) {
      const secondsSinceLast = record.state === "running" ? (now - this.#newsAt) / 1000 : undefined;
      const list = diagnose(metrics, { plan: record.plan, secondsSinceLast }), at = performance.now();
      this.#findings = { at, took: at - now, list };
    }
    return { record, metrics, findings: this.#findings.list, seconds: this.#run.seconds(), usd: this.#run.usd(), note };
  }

  #show(bundle: MimeBundle, now: number): void {
    const content = String(bundle["text/html"]);
    if (content === this.#drawn.content) return;
    this.#drawn = { at: now, took: performance.now() - now, content };
    this.#display.update(bundle);
  }

  #print(line: string, now: number): void {
    if (line === this.#drawn.content) return;
    this.#drawn = { at: now, took: performance.now() - now, content: line };
    if (this.#terminal.isTTY) this.#terminal.write(`\r\u001b[2K${line.slice(0, (this.#terminal.columns ?? 120) - 1)}`);
    else this.#terminal.write(`${line}\n`);
  }
}

/** The reason in a sentence, and the log's last lines. */
function whyItEnded(run: Run): string {
  const lines = run.log.trimEnd().split("\n").slice(-LOG_LINES).filter((line) => line.trim());
  return [`${run.record.name} ${STATE_WORDS[run.record.state]}${run.record.reason ? `: ${run.record.reason}` : ""}`, ...(lines.length > 0 ? ["The log's last lines:", ...lines.map((line) => `  ${line.slice(0, 300)}`)] : [])].join("\n");
}
