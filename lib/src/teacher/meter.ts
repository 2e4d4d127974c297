import { BudgetExceeded } from "./failures.js";
import { costOf, type Price, type Usage } from "./prices.js";

/** What one model's calls came to. Dollars and tokens; `value` is what they would have cost without the cache. */
export interface MeterRow {
  model: string;
  calls: number;
  cached: number;
  retries: number;
  inputTokens: number;
  outputTokens: number;
  spent: number;
  value: number;
}

/** The meter's figures at one moment, plain data for a table or JSON. */
export interface MeterReading extends Omit<MeterRow, "model"> {
  /** Dollars that unanswered requests may have cost: the server might have worked on them after we gave up. */
  uncertain: number;
  budget: number | undefined;
  models: MeterRow[];
}

/** Money set aside for one call. Exactly one of `settle`, `release` and `abandon` ends it. */
export interface Reservation {
  /** Counts a request sent beyond the first. */
  retried(): void;
  /**
   * An attempt got no answer, so the server may bill it unseen: its worst case moves to `uncertain`, and as much is
   * set aside again for the next attempt. Throws BudgetExceeded when the budget cannot carry that.
   */
  lost(): void;
  /** The answer's own token counts replace the reservation. Returns dollars. */
  settle(usage: Usage): number;
  /** No answer came and none was billed. */
  release(): void;
  /** No answer came, but the server may have worked on one: the worst case stays in `uncertain`. */
  abandon(): void;
}

/**
 * Counts dollars and tokens, and guards the budget: a call is sent only after its worst case fits beside everything
 * spent, possibly spent, and reserved. JavaScript runs the check and the reservation without interruption, so
 * concurrent calls cannot both take the last cent.
 */
export class CostMeter {
  /** Dollars; undefined means no limit. */
  readonly budget: number | undefined;
  #reserved = 0;
  #uncertain = 0;
  #open = 0;
  #waiting: (() => void)[] = [];
  readonly #rows = new Map<string, MeterRow>();

  /** @param budgetUsd Dollars, at least 0. Throws RangeError on anything else. */
  constructor(budgetUsd?: number) {
    if (budgetUsd !== undefined && !(budgetUsd >= 0)) {
      throw new RangeError(`budgetUsd must be a number of dollars of at least 0, not ${budgetUsd}`);
    }
    this.budget = budgetUsd;
  }

  /**
   * Sets aside `worst` dollars for a call. Where only the reservations of calls under way stand against it, waits for
   * them to end. Throws BudgetExceeded, and counts nothing, when the money is not there; the signal's reason when the
   * signal fires first.
   */
  async reserve(model: string, worst: number, price: Price, signal?: AbortSignal): Promise<Reservation> {
    while (this.#reserved > 0 && !this.#fits(worst) && this.#fits(worst - this.#reserved)) {
      await this.#change(signal);
    }
    signal?.throwIfAborted();
    this.#claim(worst);
    this.#open++;
    const row = this.#row(model);
    let isOpen = true;
    const close = () => {
      if (!isOpen) throw new Error("this reservation has already ended");
      isOpen = false;
      // Set to exactly 0 when the last one ends, so that rounding never leaves a phantom reservation to wait for.
      this.#open--;
      this.#reserved = this.#open === 0 ? 0 : this.#reserved - worst;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) queueMicrotask(wake);
    };
    return {
      retried: () => {
        row.retries++;
      },
      lost: () => {
        this.#claim(worst);
        this.#reserved -= worst;
        this.#uncertain += worst;
      },
      settle: (usage) => {
        close();
        const dollars = costOf(usage, price);
        row.calls++;
        row.inputTokens += usage.input;
        row.outputTokens += usage.output;
        row.spent += dollars;
        row.value += dollars;
        return dollars;
      },
      release: close,
      abandon: () => {
        this.#uncertain += worst;
        close();
      },
    };
  }

  /** Counts an answer that came from the disk cache: nothing spent, its value added. Returns that value in dollars. */
  countCached(model: string, usage: Usage, price: Price): number {
    const row = this.#row(model);
    const dollars = costOf(usage, price);
    row.calls++;
    row.cached++;
    row.inputTokens += usage.input;
    row.outputTokens += usage.output;
    row.value += dollars;
    return dollars;
  }

  /** Dollars billed so far. */
  get spent(): number {
    return this.#sum("spent");
  }

  /** Dollars that all answers together would have cost without the cache. */
  get value(): number {
    return this.#sum("value");
  }

  /** Dollars that unanswered attempts may have cost; counted against the budget, since nobody can know. */
  get uncertain(): number {
    return this.#uncertain;
  }

  /** Dollars set aside for calls under way. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Everything as plain data. */
  read(): MeterReading {
    return {
      calls: this.#sum("calls"),
      cached: this.#sum("cached"),
      retries: this.#sum("retries"),
      inputTokens: this.#sum("inputTokens"),
      outputTokens: this.#sum("outputTokens"),
      spent: this.spent,
      value: this.value,
      uncertain: this.#uncertain,
      budget: this.budget,
      models: [...this.#rows.values()].map((row) => ({ ...row })),
    };
  }

  get #taken(): number {
    return this.spent + this.#uncertain + this.#reserved;
  }

  #fits(dollars: number): boolean {
    return this.budget === undefined || this.#taken + dollars <= this.budget;
  }

  #claim(dollars: number): void {
    if (this.budget !== undefined && !this.#fits(dollars)) throw new BudgetExceeded(this.#taken, dollars, this.budget);
    this.#reserved += dollars;
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal?.reason instanceof Error ? signal.reason : new Error("The call was aborted.", { cause: signal?.reason }));
      if (signal?.aborted) return stop();
      signal?.addEventListener("abort", stop, { once: true });
      this.#waiting.push(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
    });
  }

  #row(model: string): MeterRow {
    let row = this.#rows.get(model);
    if (row === undefined) {
      row = { model, calls: 0, cached: 0, retries: 0, inputTokens: 0, outputTokens: 0, spent: 0, value: 0 };
      this.#rows.set(model, row);
    }
    return row;
  }

  #sum(field: Exclude<keyof MeterRow, "model">): number {
    let sum = 0;
    for (const row of this.#rows.values()) sum += row[field];
    return sum;
  }
}
