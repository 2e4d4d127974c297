/** Starting a runtime where a student waits for it. */
import { escapeHtml, LiveDisplay, PLAIN_HTML, type MimeBundle } from "../course/display.js";
import type { RuntimeFacts } from "./job.js";
import type { Runtime } from "./runtime.js";

/** Enough to see how an installation goes, and what was asked of the student before it. */
const LINES = 4;

/**
 * Starts a runtime and shows in place what it does; what stays is that it is ready, in every run the same.
 *
 * @returns what the machine is; undefined by hand-off, where nobody knows it yet
 * @throws PairError as `runtime.start` does; what it did last stays in sight
 */
export async function startRuntime(runtime: Runtime): Promise<RuntimeFacts | undefined> {
  const display = new LiveDisplay(), lines = ["Starting the runtime …"];
  display.update(asBundle(lines));
  const facts = await runtime.start((line) => {
    lines.push(line);
    display.update(asBundle(lines.slice(-LINES)));
  });
  display.end(asBundle(["The runtime is ready."]));
  return facts;
}

const asBundle = (lines: readonly string[]): MimeBundle => ({
  "text/plain": lines.join("\n"),
  "text/html": `<div class="${PLAIN_HTML}" role="status">${lines.map(escapeHtml).join("<br>")}</div>`,
});
