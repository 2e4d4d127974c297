/** A progress bar that moves in place in a notebook and stays there, full, as the record of the run. */
import { escapeHtml, LiveDisplay, PLAIN_HTML, type MimeBundle } from "./display.js";

const REDRAW_MS = 100;

export interface ProgressState {
  done: number;
  total: number;
  /** Beside the bar, e.g. "$0.0123 spent". */
  note?: string;
}

/** Follows work of a known size. Call `update` as often as you like: it redraws ten times a second at most. */
export class ProgressBar {
  readonly #title: string;
  readonly #display = new LiveDisplay();
  #last = 0;
  #state: ProgressState;

  constructor(title: string, total: number) {
    this.#title = title;
    this.#state = { done: 0, total };
    this.#display.update(this.#bundle());
  }

  update(state: Partial<ProgressState>): void {
    this.#state = { ...this.#state, ...state };
    const now = Date.now();
    if (now - this.#last < REDRAW_MS) return;
    this.#last = now;
    this.#display.update(this.#bundle());
  }

  end(note?: string): void {
    this.#state = { ...this.#state, done: this.#state.total, ...(note === undefined ? {} : { note }) };
    this.#display.end(this.#bundle());
  }

  #bundle(): MimeBundle {
    const { done, total, note } = this.#state;
    const text = `${this.#title}: ${done} of ${total}${note ? `, ${note}` : ""}`;
    const bar = `<progress value="${done}" max="${total}" style="width:16em;vertical-align:middle" aria-label="${escapeHtml(this.#title)}"></progress>`;
    return { "text/plain": text, "text/html": `<div class="${PLAIN_HTML}">${bar} ${escapeHtml(text)}</div>` };
  }
}
