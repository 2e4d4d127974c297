/** The tiny model as it is committed: it says in Node what transformers says in Python, and its files are those of its card. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import { openTokenizer, type Example } from "llmops/data";
import { openOnnx } from "../tools/onnx-greedy.ts";
import { ROOT } from "./support/scratch.ts";

const MODEL = join(ROOT, "colab", "taskling", "model");
interface Recorded {
  limit: number;
  prompts: { text: string; tokens: number[]; greedy: number[] }[];
  texts: { text: string; tokens: number[] }[];
  conversation: { messages: Record<string, unknown>[]; tools: Example["tools"]; text: string; tokens: number };
}
const recorded = JSON.parse(readFileSync(join(ROOT, "tests", "fixtures", "taskling.json"), "utf8")) as Recorded;

describe("taskling", () => {
  it("gives in Node, by its ONNX, the greedy tokens that transformers gave", async () => {
    assert.equal(recorded.prompts.length, 50);
    const { greedy, tokenizer } = await openOnnx(MODEL, "fp32");
    for (const { text, tokens, greedy: wanted } of recorded.prompts) {
      assert.deepEqual(tokenizer.encode(text, { add_special_tokens: false }), tokens, text);
      assert.deepEqual(await greedy(tokens, recorded.limit), wanted, text);
    }
  });

  it("answers in prose before any fine-tuning, and ends its turn", async () => {
    const { greedy, tokenizer } = await openOnnx(MODEL, "q8");
    const prompt = tokenizer.apply_chat_template<false>([{ role: "user", content: "Please delete the task \"buy milk\"." }], { tokenize: false, add_generation_prompt: true });
    const answer = tokenizer.decode(await greedy(tokenizer.encode(prompt, { add_special_tokens: false }), 60));
    assert.match(answer, /buy milk.*<\|eot_id\|>$/s);
    assert.doesNotMatch(answer, /\{/);
  });

  it("is counted by the workbook's own tokenizer as by transformers, calls and results included", async () => {
    const tokenizer = await openTokenizer({ folder: MODEL });
    for (const { text, tokens } of recorded.texts) assert.deepEqual(tokenizer.encode(text), tokens, text);
    const { messages, tools, tokens } = recorded.conversation;
    const own = messages.map((message) => {
      const calls = message["tool_calls"] as { function: { arguments: unknown } }[] | undefined;
      return calls ? { ...message, content: null, tool_calls: calls.map((call) => ({ ...call, function: { ...call.function, arguments: JSON.stringify(call.function.arguments) } })) } : message;
    });
    assert.equal(tokenizer.countExample({ messages: own as unknown as Example["messages"], ...(tools ? { tools } : {}), extra: {} }), tokens);
  });

  it("has the files that its card lists, with their hashes, and none above 10 MB", () => {
    const card = readFileSync(join(MODEL, "README.md"), "utf8");
    const listed = [...card.matchAll(/^\| `([^`]+)` \| (\d+) \| `([0-9a-f]{64})` \|$/gm)].map(([, file, bytes, hash]) => ({ file, bytes: Number(bytes), hash }));
    const files = readdirSync(MODEL, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== "README.md").map((entry) => {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      return { file: relative(MODEL, join(entry.parentPath, entry.name)).replaceAll("\\", "/"), bytes: bytes.length, hash: createHash("sha256").update(bytes).digest("hex") };
    });
    const byName = (a: { file?: string }, b: { file?: string }): number => (a.file ?? "").localeCompare(b.file ?? "");
    assert.deepEqual(listed.sort(byName), files.sort(byName));
    for (const { file, bytes } of files) assert.ok(bytes < 10_000_000, file);
  });
});
