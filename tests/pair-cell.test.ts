/** A request as a cell, and the reply found in what was printed: whatever stands around it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { PairError } from "llmops/pair";
import { ROOT } from "./support/scratch.ts";

const { readReply, writeCell } = await import(join(ROOT, "lib/dist/pair/python-cell.js")) as typeof import("../lib/dist/pair/python-cell.js");

/** What a cell prints when Python runs it. */
function print(code: string, options = {}): { printed: string; id: string } {
  const { source, id } = writeCell(code, options);
  const ran = spawnSync(join(ROOT, ".venv", "bin", "python"), ["-c", source], { encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  return { printed: ran.stdout, id };
}

describe("a cell", () => {
  test("gives back what its code left, with any text in the code", () => {
    const text = "\"'\\ \n\t {} % é 漢 🙂 \u2028 </llmops";
    const { printed, id } = print(`print("noise")\n_llmops_reply = ${JSON.stringify(text)}`);
    assert.deepEqual(readReply(printed, id), { text });
  });

  test("tells an exception by its class, an interrupt as something to repeat, and ends with 0 in both", () => {
    const missing = print("_llmops_agent");
    assert.throws(() => readReply(missing.printed, missing.id), { name: "PythonFault", kind: "NameError" });
    const stopped = print("raise KeyboardInterrupt()");
    assert.throws(() => readReply(stopped.printed, stopped.id), (error) => error instanceof PairError && error.code === "timeout");
    const syntax = print("if");
    assert.throws(() => readReply(syntax.printed, syntax.id), { kind: "SyntaxError" });
  });

  test("is not found in its own source, nor in the output of another cell", () => {
    const one = writeCell("_llmops_reply = '1'"), other = print("_llmops_reply = '2'");
    assert.equal(readReply(one.source, one.id), undefined);
    assert.equal(readReply(other.printed, one.id), undefined);
  });

  test("is read out of any noise, printed twice or cut off", () => {
    const { printed, id } = print("_llmops_reply = 'QUJD'");
    const reply = printed.trim();
    fc.assert(fc.property(fc.string(), fc.string(), fc.boolean(), fc.nat({ max: reply.length - 1 }), (before, after, twice, cut) => {
      assert.deepEqual(readReply(`${before}${reply}${twice ? reply : ""}${after}`, id), { text: "QUJD" });
      assert.equal(readReply(before + reply.slice(0, cut), id), undefined);
      assert.deepEqual(readReply(reply.slice(0, cut) + reply + after, id), { text: "QUJD" });
    }));
  });
});
