import { z } from "zod";
import type { Example } from "../data/example.js";
import { writePairPrompt, type Chunk } from "./pair-prompt.js";
import type { Teacher } from "./teacher.js";

const Pairs = z.object({ pairs: z.array(z.object({ instruction: z.string(), output: z.string() })) });

/** How pairs are written. */
export interface PairOptions {
  /** At most so many for one chunk. Default 3. */
  pairsPerChunk?: number;
  signal?: AbortSignal;
}

/** Turns one chunk of a document into examples. Rejects with TeacherError when the teacher gives nothing usable. */
export type PairWriter = (chunk: Chunk) => Promise<Example[]>;

/**
 * A writer of instruction pairs from documents.
 *
 * Each example is one user turn and one assistant turn; `extra` carries `source`, `heading`, and `id`
 * (`<responseId>/<index>`). Pairs with an empty side are left out. Throws RangeError unless pairsPerChunk is 1 to 20.
 */
export function createPairWriter(teacher: Teacher, options: PairOptions = {}): PairWriter {
  const count = options.pairsPerChunk ?? 3;
  if (!Number.isInteger(count) || count < 1 || count > 20) throw new RangeError(`pairsPerChunk must be a whole number from 1 to 20, not ${count}`);
  return async (chunk) => {
    if (chunk.text.trim() === "") return [];
    const { parsed, responseId } = await teacher.complete({
      messages: writePairPrompt(chunk, count), schema: Pairs, schemaName: "instruction_pairs", maxTokens: 200 + 250 * count,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return parsed.pairs.flatMap(({ instruction, output }, index): Example[] =>
      instruction.trim() === "" || output.trim() === "" ? [] : [{
        messages: [{ role: "user", content: instruction.trim() }, { role: "assistant", content: output.trim() }],
        extra: { id: `${responseId}/${index}`, source: chunk.source, heading: chunk.heading },
      }]);
  };
}
