/**
 * Rich output: what a cell shows besides text. Inside the kernel it goes to the notebook; elsewhere (a terminal, a
 * test) its plain text is printed, so the same lesson code runs in both.
 */
import { randomUUID } from "node:crypto";

/** One output in several forms, by MIME type; the front end shows the richest it knows. `text/plain` is for the rest. */
export type MimeBundle = { "text/plain": string } & Record<string, unknown>;

interface DisplayContent {
  data: MimeBundle;
  metadata: Record<string, unknown>;
  transient: { display_id?: string };
}

// tslab has one writer for the cell that runs; its public `display` sends one MIME type at a time and cannot send the
// plain text that other front ends need beside it.
interface KernelModule {
  lastWriteDisplayData: ((content: DisplayContent, update: boolean) => void) | null;
}

function kernelWriter(): KernelModule["lastWriteDisplayData"] {
  if (!("__tslab__" in globalThis)) return null;
  return (require("tslab/dist/jupyter") as KernelModule).lastWriteDisplayData;
}

/** Whether this code runs in a notebook's kernel. */
export const inNotebook = (): boolean => kernelWriter() !== null;

/** Shows a bundle below the running cell. */
export function show(bundle: MimeBundle): void {
  const write = kernelWriter();
  if (write) write({ data: bundle, metadata: {}, transient: {} }, false);
  else console.log(bundle["text/plain"]);
}

/** An output that is replaced in place, for work that takes a while. */
export class LiveDisplay {
  readonly #id = randomUUID();
  #shown = false;

  /** Shows the bundle, or puts it where the previous one was. Outside a notebook nothing is shown until `end`. */
  update(bundle: MimeBundle): void {
    const write = kernelWriter();
    if (!write) return;
    write({ data: bundle, metadata: {}, transient: { display_id: this.#id } }, this.#shown);
    this.#shown = true;
  }

  /** The last state, which is what stays in the notebook. */
  end(bundle: MimeBundle): void {
    if (inNotebook()) this.update(bundle);
    else show(bundle);
  }
}

/**
 * The class of every HTML output: JupyterLab would set what stands between two dollar signs as a formula, and a lesson
 * about money has many of them. (MathJax 3 and 4 know the first name, older front ends the second.)
 */
export const PLAIN_HTML = "mathjax_ignore tex2jax_ignore";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Escapes text for HTML content and attribute values. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
