import { z } from "zod";
import type { Message } from "../example.js";
import type { JsonObject } from "../jsonl/json.js";
import { SHAPE_DOES_NOT_FIT, carryTurns, refuse, refusePair, restoreTurns, type Codec, type Refusal } from "./codec.js";
import { refusalOf } from "./refusal.js";

/**
 * Alpaca: one instruction and its output. `input` is joined to the instruction by a line end to make the user's turn;
 * `system` and `history` (earlier turns, oldest first) as LLaMA-Factory defines them
 * (https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md).
 */
export const AlpacaSchema = z.looseObject({
  instruction: z.string(),
  input: z.string().nullish(),
  output: z.string(),
  system: z.string().nullish(),
  history: z.array(z.tuple([z.string(), z.string()], { error: "it must be a pair of texts, question and answer" })).nullish(),
});

/** A row of KTO with an unwanted answer, as TRL spells it. It has the columns of a question and its answer, and must not be learned as one. */
export function refuseUnwanted(row: JsonObject, columns: Readonly<Record<string, string>>): Refusal | undefined {
  const { label } = row;
  const unwanted = label === false || (typeof label === "string" && /^false$/i.test(label)); // of a CSV file, every cell is text
  return unwanted && columns["instruction"] === "prompt" && columns["output"] === "completion"
    ? refuse("unwanted-answer", "label is false: beside prompt and completion it marks an unwanted answer (KTO), and alpaca would teach it; remove the row, or rename label if it means something else")
    : undefined;
}

const SLOTS = ["instruction", "input", "output", "system", "history"];

export const alpaca: Codec = {
  read(row, carried) {
    const parsed = AlpacaSchema.safeParse(row);
    if (!parsed.success) return refusalOf(parsed.error, row);
    const { instruction, input, output, system, history } = parsed.data;
    const messages: Message[] = [];
    const fields: string[] = [];
    const turn = (role: "system" | "user" | "assistant", content: string, field: string): void => {
      messages.push({ role, content });
      fields.push(field);
    };
    if (system) turn("system", system, "system");
    for (const [at, [question, answer]] of (history ?? []).entries()) {
      turn("user", question, `history[${at}][0]`);
      turn("assistant", answer, `history[${at}][1]`);
    }
    turn("user", input ? `${instruction}\n${input}` : instruction, "instruction");
    turn("assistant", output, "output");
    restoreTurns(messages, carried);
    // Which line end of the joined turn separates the two: as many as the instruction itself holds come before it.
    const shape = input ? { input: instruction.split("\n").length - 1 } : {};
    return { ok: true, messages, shape, used: SLOTS, at: (_part, index) => fields[index] ?? "output" };
  },

  write(example, shape) {
    if (example.preference) return refusePair("alpaca");
    if (example.tools) return refuse("no-slot", "declares tools, and alpaca has no place for them; convert to sharegpt or messages");
    const turns = [...example.messages];
    const system = turns[0]?.role === "system" ? turns.shift() : undefined;
    const pairs: [string, string][] = [];
    for (let at = 0; at < turns.length; at += 2) {
      const [user, assistant] = [turns[at], turns[at + 1]];
      if (user?.role === "system") return refuse("no-slot", "has two system turns, and alpaca has one place for them; join them");
      if (user?.role !== "user" || user.content === null || assistant?.role !== "assistant" || assistant.content === null || assistant.tool_calls) {
        return refuse("no-slot", "calls tools, and alpaca has only questions and answers; convert to sharegpt or messages");
      }
      pairs.push([user.content, assistant.content]);
    }
    const last = pairs.pop();
    if (!last) return refuse("no-user-turn", "has no question and answer");
    const [question, output] = last;
    let instruction = question, input = "";
    if (typeof shape["input"] === "number") {
      const lines = instruction.split("\n");
      if (lines.length <= shape["input"] + 1) return SHAPE_DOES_NOT_FIT;
      instruction = lines.slice(0, shape["input"] + 1).join("\n");
      input = lines.slice(shape["input"] + 1).join("\n");
    }
    return {
      ok: true,
      row: { instruction, input, output, ...(system ? { system: system.content } : {}), ...(pairs.length > 0 ? { history: pairs } : {}) },
      carried: carryTurns(example.messages),
      slots: SLOTS,
    };
  },
};
