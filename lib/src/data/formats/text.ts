import { z } from "zod";
import { refuse, type Codec } from "./codec.js";
import { refusalOf } from "./refusal.js";

/**
 * Running text for language modelling, `{text}`, as TRL's `dataset_text_field` names it. It has no turns, so it becomes
 * no row of another format, and no conversation becomes text: that is the work of the model's chat template.
 */
export const TextSchema = z.looseObject({ text: z.string() });

const SLOTS = ["text"];

export const text: Codec = {
  read(row) {
    const parsed = TextSchema.safeParse(row);
    if (!parsed.success) return refusalOf(parsed.error, row);
    return { ok: true, messages: [{ role: "assistant", content: parsed.data.text }], plainText: true, shape: {}, used: SLOTS, at: () => "text" };
  },

  write(example) {
    const [only, ...others] = example.messages;
    if (!only || only.content === null || others.length > 0) return refuse("no-slot", "is marked as running text and has turns; correct the step that made it");
    return { ok: true, row: { text: only.content }, carried: {}, slots: SLOTS };
  },
};
