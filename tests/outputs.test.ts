/** How two runs of a notebook are compared. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Notebook, Output } from "../tools/notebook.ts";
import { differences } from "../tools/outputs.ts";

const notebook = (tags: string[], ...outputs: Output[]): Notebook => ({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [{ cell_type: "code", id: "a", source: "", metadata: { tags }, outputs }] });
const says = (text: string, name = "stdout"): Output => ({ output_type: "stream", name, text });
const shows = (...types: string[]): Output => ({ output_type: "display_data", data: Object.fromEntries(types.map((type) => [type, `${Math.random()}`])) });
const changed = (one: Notebook, other: Notebook): number => differences(one, other).length;

test("a cell that measures may show other values, and must show the same kinds of outputs", () => {
  const measured = ["measured"];
  assert.equal(changed(notebook([], says("peak 5 GiB")), notebook([], says("peak 6 GiB"))), 1);
  assert.equal(changed(notebook(measured, says("peak 5 GiB")), notebook(measured, says("peak 6 GiB"))), 0);
  assert.equal(changed(notebook(measured, says("a"), says("b"), shows("text/html", "text/plain")), notebook(measured, says("ab"), shows("text/plain", "text/html"))), 0);
  assert.equal(changed(notebook(measured, shows("text/plain")), notebook(measured, shows("text/plain", "image/svg+xml"))), 1);
  assert.equal(changed(notebook(measured, says("x")), notebook(measured, says("x", "stderr"))), 1);
  assert.equal(changed(notebook(measured, shows("text/plain"), shows("text/plain")), notebook(measured, shows("text/plain"))), 1);
  assert.equal(changed(notebook(measured, shows("text/plain")), notebook(measured, shows("text/plain"), shows("text/plain"))), 0, "a warning beside a table");
  assert.equal(changed(notebook(measured, says("x")), notebook(measured, says("x"), { output_type: "error", ename: "Error", evalue: "x" })), 1);
});
