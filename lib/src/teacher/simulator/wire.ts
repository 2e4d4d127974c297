import { z } from "zod";
import type { Question } from "./replies.js";

const Part = z.object({ type: z.literal("text"), text: z.string() });

/** The part of OpenAI's chat completion request that the simulator reads. Unknown fields pass, as with the real API. */
export const ChatRequest = z.object({
  model: z.string().min(1),
  messages: z.array(z.object({
    role: z.enum(["system", "developer", "user", "assistant", "tool"]),
    content: z.union([z.string(), z.array(Part), z.null()]).optional(),
  })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  n: z.literal(1, "the simulator writes one choice").nullish(),
  seed: z.int().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  response_format: z.discriminatedUnion("type", [
    z.object({ type: z.literal("text") }),
    z.object({ type: z.literal("json_object") }),
    z.object({ type: z.literal("json_schema"), json_schema: z.object({ name: z.string() }) }),
  ]).nullish(),
});
export type ChatRequest = z.infer<typeof ChatRequest>;

/** What the answer depends on. */
export function toQuestion(request: ChatRequest): Question {
  const format = request.response_format;
  return {
    messages: request.messages.map(({ role, content }) => ({
      role, content: typeof content === "string" ? content : (content ?? []).map((part) => part.text).join(""),
    })),
    format: format === undefined || format === null || format.type === "text" ? undefined
      : format.type === "json_schema" ? { type: format.type, name: format.json_schema.name } : { type: format.type },
    seed: request.seed ?? null,
  };
}
