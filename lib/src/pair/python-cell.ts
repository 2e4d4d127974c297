/** A request as a cell of Python whose printed output holds the reply: for routes that give back nothing but what was printed. */
import { randomBytes } from "node:crypto";
import { PairError } from "./error.js";
import { PythonFault } from "./python-session.js";

export interface PythonCell {
  /** What the runtime runs. */
  source: string;
  /** Stands in the output of this cell only: an output of an earlier run is not taken for the answer. */
  id: string;
}

export interface CellOptions {
  /** A reply of more characters is left in a file of the runtime's working folder, and its name is printed. */
  printedCharacters?: number;
}

/** What a cell printed: the reply, or the file that it lies in. */
export type CellReply = { text: string } | { file: string };

/**
 * Wraps code in a cell. Exceptions are caught and printed, because the Colab command line ends with 0 after one, and so that
 * no red traceback stands in the student's notebook.
 */
export function writeCell(code: string, { printedCharacters }: CellOptions = {}): PythonCell {
  const id = randomBytes(8).toString("hex");
  const file = `llmops-reply-${id}`;
  const source = [
    "# LLMOps Workbook: rewritten and run while a job is paired.",
    "import json as _llmops_json",
    "try:",
    // A JSON string of ours is a Python string too: it holds no lone surrogate and no escaped slash.
    `    exec(compile(${JSON.stringify(code)}, "llmops", "exec"), globals())`,
    "    _llmops_said = {'ok': _llmops_reply}",
    ...(printedCharacters === undefined ? [] : [
      `    if len(_llmops_reply) > ${printedCharacters}:`,
      `        with open("${file}", "w") as _llmops_file:`,
      "            _llmops_file.write(_llmops_reply)",
      `        _llmops_said = {'file': "${file}"}`,
    ]),
    "except BaseException as _llmops_fault:",
    "    _llmops_said = {'fault': type(_llmops_fault).__name__, 'message': str(_llmops_fault)[:2000]}",
    // Split, so that the source of the cell does not look like its output.
    `print("<llmops " + "${id}>" + _llmops_json.dumps(_llmops_said) + "</llmops " + "${id}>", flush=True)`,
  ].join("\n");
  return { source, id };
}

/**
 * Finds the reply in what was printed; undefined where it is not there yet. Other output may stand around it, and the reply
 * may stand there twice: a client that streams prints what it has again when more arrives.
 *
 * @throws PythonFault where the code raised; PairError `timeout` where it was interrupted
 */
export function readReply(printed: string, id: string): CellReply | undefined {
  const open = `<llmops ${id}>`, close = `</llmops ${id}>`;
  const end = printed.lastIndexOf(close), start = end < 0 ? -1 : printed.lastIndexOf(open, end);
  if (start < 0) return undefined;
  let said: { ok?: string; file?: string; fault?: string; message?: string };
  try {
    said = JSON.parse(printed.slice(start + open.length, end)) as typeof said;
  } catch (error) {
    throw new PairError("timeout", "the runtime's reply arrived in part; it is asked again", { cause: error });
  }
  if (said.fault === "KeyboardInterrupt") throw new PairError("timeout", "the request was interrupted in the runtime");
  if (said.fault !== undefined) throw new PythonFault(said.fault, said.message ?? "");
  return said.file === undefined ? { text: said.ok ?? "" } : { file: said.file };
}
