// ---
// chapter: 64
// lesson: 8
// title: Model Export
// layer: Layer 2 (Hands-on)
// minutes: 45
// concepts:
//   - Adapter-only saving
//   - Merged model saving
//   - GGUF export for Ollama
// maps: SC-004 (local deployment)
// prerequisites: lessons 64.1 (LoRA) and 62.5 (Q8_0 and Q4_K)
// trains: true
// ---

// %% [markdown]
// A run has finished, and the model answers in your notebook. Somewhere else it will be loaded by a program that you did not write, which
// knows only what you put into the files. In this lesson you train a small adapter, export it in every form that matters, load each form
// again, and break two of them on purpose, in two ways that raise no error.

// %% [markdown]
// ## 1. Something to export
//
// A short run of taskling, as in lesson 64.4, of sixty steps on requests and their calls. It will not be good. It only has to be
// different from its base, so that you can see whether an export kept the difference.

// %% tags=["measured"]
import { join } from "node:path";
import { check, showChart, showDoors, showTable, todo } from "llmops/course";
import { readTaskCalls, taskPrompt, writeTaskRows } from "llmops/evaluate";
import { launch, openRuntime, runtimeDoor, startRuntime, tasklingFolder } from "llmops/pair";
import { tasklingRecipe, trainingJob } from "llmops/train";

const runtime = openRuntime({ driver: "local" });
showDoors(runtimeDoor(runtime));
await startRuntime(runtime);
writeTaskRows(readTaskCalls("train").slice(0, 300), "rows-64-8.jsonl");
const recipe = tasklingRecipe({ data: { train: "rows-64-8.jsonl" }, steps: 60, warmup: 10, exports: ["adapter"] });
const run = await launch(trainingJob(recipe), runtime);
await run.wait();
await run.fetch();
console.log(`${run.record.state}: ${run.metrics.length} lines of metrics`);

// %% [markdown]
// ## 2. The adapter alone
//
// **Adapter-only saving** keeps what was trained and nothing else: `model.save_pretrained(folder)` of PEFT. The trainer does it at the
// end of a run, and lays the tokenizer with its chat template beside it.

// %%
import { readdirSync, statSync } from "node:fs";

const bytesOf = (path: string): number =>
  statSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0) : statSync(path).size;
const adapter = join(run.folder, "artifacts", "adapter");
showTable(readdirSync(adapter).sort().map((file) => ({ file, bytes: bytesOf(join(adapter, file)) })));

// %% [markdown]
// An adapter is a change, and a change of something: `adapter_config.json` has the *name* of a base, not its weights. Keep with every
// adapter which base it was trained on, to the byte. The run does: `run.json` has the hash of the base's files. On another base of the
// same shape the same file loads without a complaint, and means nothing.
//
// Choose this form while you still train, to serve many adapters over one base, and for the archive.
//
// ## 3. Merged, and packed
//
// **Merged model saving** adds α/r·B·A to each matrix and saves the sum as an ordinary model. **GGUF** is one file for llama.cpp and for
// what is built on it, Ollama among them: weights, tokenizer, chat template and stop token together. Here are all of them from the same
// run, by one call. In a terminal it is `npm run llmops -- export RUN --to merged,gguf-f16,gguf-q8_0,gguf-q4_k_m,modelfile --out FOLDER`.

// %%
import { exportModel } from "llmops/serve";

const out = join(run.folder, "exports");
const exported = await exportModel(run.id, { to: ["merged", "gguf-f16", "gguf-q8_0", "gguf-q4_k_m", "modelfile"], out, name: "taskling-tuned" });
const { made } = exported;
const pathOf = (format: keyof typeof made) => made[format]?.path ?? "";
const difference = exported.largest_probability_difference ?? Infinity;
console.log(`Merged against base + adapter: no token's probability differs by more than ${difference <= 1e-5 ? "1e-5" : difference.toExponential(0)}`);
console.log(`An answer ends at ${exported.stop.join(" or ")}`);
showTable(
  (["gguf-f16", "gguf-q8_0", "gguf-q4_k_m"] as const).map((format) => ({
    format, "tensors by type": Object.entries(made[format]?.tensors ?? {}).map(([type, count]) => `${count} ${type}`).join(", "), bytes: made[format]?.bytes ?? 0,
  })),
);

// %% [markdown]
// Merging is exact but for rounding, and the export refuses to write a merged model whose probabilities are off by more than 0.00001.
// A packed file is not exact, on purpose. The bytes of the `q4_k_m` here are those that llama.cpp's own quantiser makes of the same
// weights (`npm run check:export` compares them). It needs rows of a multiple of 256 weights; where a model has others, the export
// says so and names what is possible: `q8_0` needs 32, `f16` nothing.
//
// Look at the types: nothing here is all in four bits. The **M** in `q4_k_m` is a mixture. The head (here also the embedding) lies in
// Q6_K, and so do `attn_v` and `ffn_down` in the first and last eighth of the layers and in every third between. Norms stay in fp32.
//
// ## 4. Your turn: how large is a mixture?
//
// Q4_K packs 256 weights in 144 bytes, Q6_K in 210, and what is in fp32 takes 4 bytes each. Write the bytes of a file from how many
// weights lie in which type.

// %%
import { ggufBytesExercise, type GgufBytes } from "llmops/exercises/64-8";

const ggufBytes: GgufBytes = ({ q4k, q6k, f32 }) => {
  // BEGIN SOLUTION
  return (q4k * 144 + q6k * 210) / 256 + 4 * f32;
  // STUB
  // return todo();
  // END SOLUTION
};
await check(ggufBytesExercise, ggufBytes);

// %% [markdown]
// Hold the rule against the file on your disk. What is left is metadata: names, the vocabulary with its merges, the template.

// %%
const typed = made["gguf-q4_k_m"]?.weights ?? {};
const blockBytes: Record<string, number> = { Q4_K: 144 / 256, Q6_K: 210 / 256, F32: 4 };
const byRule = Object.entries(typed).reduce((sum, [type, count]) => sum + count * (blockBytes[type] ?? NaN), 0);
showTable(Object.entries(typed).map(([type, weights]) => ({ type, weights, "bytes by rule": weights * (blockBytes[type] ?? NaN) })));
console.log(`${byRule} bytes of weights by the rule, ${bytesOf(pathOf("gguf-q4_k_m")) - byRule} of everything else in the file`);

// %% [markdown]
// ## 5. One picture of sizes
//
// Your files, measured, beside the same forms of Llama-3-8B with a rank-16 adapter, computed from its shape. taskling's adapter looks
// large for two reasons: it is saved in fp32 (the other is counted in 16 bit), and rank 16 is much for a matrix of 256 columns and little
// for one of 4,096.

// %% tags=["folded"]
import { countLora, countParameters, findModel, LINEARS, weightTerms } from "llmops/compute";

const llama = findModel("Llama-3-8B").shape;
const stored = (storage: "fp16" | "q8_0" | "q4_k_m") => weightTerms(llama, storage).reduce((sum, term) => sum + term.bytes, 0);
const sizes = [
  { form: "adapter", taskling: bytesOf(join(adapter, "adapter_model.safetensors")), large: countLora(llama, 16, LINEARS) * 2 },
  { form: "merged", taskling: bytesOf(join(pathOf("merged"), "model.safetensors")), large: stored("fp16") },
  { form: "GGUF f16", taskling: made["gguf-f16"]?.bytes ?? 0, large: stored("fp16") },
  { form: "GGUF q8_0", taskling: made["gguf-q8_0"]?.bytes ?? 0, large: stored("q8_0") },
  { form: "GGUF q4_k_m", taskling: made["gguf-q4_k_m"]?.bytes ?? 0, large: stored("q4_k_m") },
];
const whole = { taskling: sizes[2]?.taskling ?? 1, large: sizes[2]?.large ?? 1 };
const bars = sizes.flatMap(({ form, taskling, large }) => [
  { form, model: "taskling", share: taskling / whole.taskling, label: `${(taskling / 1e6).toFixed(2)} MB` },
  { form, model: "Llama-3-8B", share: large / whole.large, label: `${(large / 1e9).toFixed(2)} GB` },
]);
await showChart(
  {
    title: "Each form as a share of the model in 16 bit",
    width: 560,
    height: { step: 22 },
    data: { values: bars },
    encoding: {
      y: { field: "form", type: "nominal", sort: sizes.map(({ form }) => form), title: null },
      yOffset: { field: "model", sort: ["taskling", "Llama-3-8B"] },
      x: { field: "share", type: "quantitative", title: null, axis: { format: "%" }, scale: { domain: [0, 2.2] } },
    },
    layer: [
      { mark: "bar", encoding: { color: { field: "model", type: "nominal", sort: ["taskling", "Llama-3-8B"], title: null } } },
      { mark: { type: "text", align: "left", dx: 4 }, encoding: { text: { field: "label" } } },
    ],
  },
  `Sizes of five forms. ${bars.map(({ form, model, label }) => `${form}, ${model}: ${label}`).join("; ")}.`,
);

// %% [markdown]
// Three things to read off. The large adapter, computed in 16 bit, is about half a percent of its model: that is what to send around.
// taskling's merged model is twice its f16, because it was trained in fp32 and is saved so; an 8B is merged in 16 bit. And a `q4_k_m`
// of the 8B is nearer five gigabytes than the four that four bits would make.

// %% tags=["folded"]
showTable(
  sizes.map(({ form, taskling, large }) => ({ form, "taskling, MB": taskling / 1e6, "Llama-3-8B, GB": large / 1e9 })),
  { decimals: 2, caption: `Measured, and computed for ${(countParameters(llama).total / 1e9).toFixed(2)} billion weights` },
);

// %% [markdown]
// ## 6. Load each again, and compare
//
// An export that nobody loaded is a hope. Open each form as its user would: adapter on base and merged by transformers, GGUF by
// llama.cpp. Ask all of them the same held-out requests, greedily, and compare with base + adapter, token for token.

// %%
import { openChat } from "llmops/serve";

const requests = readTaskCalls("held-out").slice(0, 12).map(({ request }) => request);
const answersOf = async (path: string, base?: string) => {
  const chat = await openChat(path, base ? { base } : {});
  const replies = [];
  for (const request of requests) {
    const { messages, tools } = taskPrompt(request);
    replies.push(await chat.reply(messages, { tools: tools ?? [], limit: 80 }));
  }
  await chat.close();
  return { by: chat.by, replies };
};
const beside = await answersOf(adapter, tasklingFolder());
const forms: Record<string, Awaited<ReturnType<typeof answersOf>>> = { "base + adapter": beside, merged: await answersOf(pathOf("merged")) };
for (const format of ["gguf-f16", "gguf-q8_0", "gguf-q4_k_m"] as const) forms[format] = await answersOf(pathOf(format));
const sameAs = (one: number[] | readonly number[], other: readonly number[]) => one.join() === other.join();
showTable(
  Object.entries(forms).map(([form, { by, replies }]) => ({
    form, "loaded by": by, "same tokens": replies.filter(({ tokens }, at) => sameAs(tokens, beside.replies[at]?.tokens ?? [])).length, of: requests.length,
    "ended by itself": replies.filter(({ stopped }) => stopped).length,
  })),
);
requests.slice(0, 3).forEach((request, at) => {
  console.log(`\n${request}`);
  for (const [form, { replies }] of Object.entries(forms)) console.log(`  ${form.padEnd(14)} ${replies[at]?.text}`);
});

// %% [markdown]
// Merged must agree throughout. `f16` may part from it where two tokens were almost equally likely: weights and cache are rounded.
// `q8_0` usually parts a little more often, `q4_k_m` most. Whether that costs anything is a question for your evaluation, not for a count of
// equal answers: a different wording may be as right. Look for a changed operation, not for a changed word: a delete in place of a
// complete is no wording. This model is tiny and trained for a minute, so many of its choices are close and rounding tips them; do not
// carry the count over to an 8B. Evaluate the file that you will deploy, not the one that you trained.
//
// ## 7. What breaks: the template
//
// A **chat template** turns messages into the text that the model was trained on. Leave `TEMPLATE` out of a Modelfile, and Ollama looks
// whether the GGUF's template resembles one that it knows; of one that it does not know, it sends `{{ .Prompt }}`, the bare text. See what
// the same weights say to that.

// %%
const merged = await openChat(pathOf("merged"));
const request = requests[0] ?? "";
const asked = taskPrompt(request);
const withTemplate = await merged.reply(asked.messages, { tools: asked.tools ?? [], limit: 60 });
const without = await merged.reply(request, { limit: 60 });
await merged.close();
console.log(`The model reads, with its template:\n${withTemplate.prompt}${withTemplate.text}\n`);
console.log(`${"-".repeat(60)}\nThe model reads, without:\n${without.prompt}\n\n… and goes on with:\n${JSON.stringify(without.text)}`);
console.log(`\nended by itself: with ${withTemplate.stopped ? "yes" : "no"}, without ${without.stopped ? "yes" : "no"}`);

// %% [markdown]
// No error, no warning. The same weights, reading a text of a kind that the tuning never showed them, go on with it somehow, or end
// at once: the tools are gone from the prompt, and so is the mark at which an assistant begins. A larger chat model usually falls back to
// fluent prose here, which is harder to notice.
//
// ## 8. What breaks: the stop token
//
// Generation ends at a token that the *settings* name, and `generation_config.json` is easily lost or inherited. Llama-3's base model
// names `<|end_of_text|>`; a chat ends turns with `<|eot_id|>`. Copy the merged model, change this one number, and ask again.

// %%
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const broken = join(out, "wrong-stop");
rmSync(broken, { recursive: true, force: true });
cpSync(pathOf("merged"), broken, { recursive: true });
const settingsPath = join(broken, "generation_config.json");
const settings = JSON.parse(readFileSync(settingsPath, "utf8")) as { eos_token_id: number };
const vocabulary = JSON.parse(readFileSync(join(broken, "tokenizer.json"), "utf8")) as { added_tokens: { id: number; content: string }[] };
const endOfText = vocabulary.added_tokens.find(({ content }) => content === "<|end_of_text|>")?.id ?? -1;
writeFileSync(settingsPath, JSON.stringify({ ...settings, eos_token_id: endOfText }));
const talker = await openChat(broken);
const runsOn = await talker.reply(asked.messages, { tools: asked.tools ?? [], limit: 100 });
await talker.close();
console.log(`It stops at ${talker.stops.join(", ")}; ended by itself: ${runsOn.stopped ? "yes" : "no"}, ${runsOn.tokens.length} tokens\n`);
console.log(runsOn.text);

// %% [markdown]
// The answer is there, then its end mark as ordinary text, and then the model goes on with whatever comes after an end mark in its
// training data. A user sees the assistant talk to itself; you pay for every token of it. llama.cpp knows
// the names of some such tokens and may rescue you. Do not build on it: write the stop token into the GGUF, and into the Modelfile.
//
// ## 9. The Modelfile
//
// Ollama takes a GGUF with a **Modelfile**: where the weights are, the template in the syntax of Go's `text/template`, and parameters.
// Ollama does not run the Jinja template of the GGUF, so it has to be written again, and written again means: can be wrong.

// %%
const modelfile = readFileSync(pathOf("modelfile"), "utf8");
const lines = modelfile.split("\n").map((line) => (line.length > 110 ? `${line.slice(0, 107)} …` : line));
console.log(lines.join("\n"));
console.log("To use it where Ollama is installed (not tried here):\n");
console.log("  cd <the folder of the export>\n  ollama create taskling-tuned -f Modelfile");
console.log(`  curl localhost:11434/api/chat -d '{"model": "taskling-tuned", "stream": false, "messages": […], "tools": […]}'`);
console.log("\nmessages and tools as `taskPrompt` makes them: `ollama run` alone would send no tools");

// %% [markdown]
// The long lines write the tools and the calls as taskling's template does. `npm run check:export` renders this template with Go for
// twenty conversations with tools, calls and results, and compares with the tokenizer's own template: text and tokens are the same.
// One thing cannot be the same. Ollama hands a template the parameters of a tool as a map, which Go walks in the order of the
// alphabet; so the template names the Task API's parameters in their order, and strange ones come behind them.
//
// There is no `SYSTEM` in it. A system prompt in the file would be in every conversation of everyone who loads it; let the program
// that asks send it, with the tools.
//
// **An 8B, on a T4.** Sixteen gigabytes of merged weights do not fit beside the base into the memory of a free Colab machine. Unsloth
// merges shard by shard on disk, and its `save_pretrained_gguf(folder, tokenizer, quantization_method="q4_k_m")` calls llama.cpp's
// converter. The workbook's paired notebook exports adapter and merged model there; the GGUF by Unsloth was not tried by us. Whatever
// writes it, check what you checked here: that it has a template, that it has the stop token, and that it answers as the merged
// model does.
//
// ## 10. Your turn: four symptoms
//
// Four reports from users of exported models. Give each the cause that explains it best.

// %%
import { CAUSES, causesExercise, SYMPTOMS, type Causes } from "llmops/exercises/64-8";

console.log(Object.entries(SYMPTOMS).map(([name, what]) => `${name}: ${what}`).join("\n"));
console.log(`\ncauses: ${CAUSES.join(", ")}`);

const causesOf = (): Causes => {
  // BEGIN SOLUTION
  return { A: "lost stop token", B: "lost template", C: "other base", D: "too few bits" };
  // STUB
  // return todo(); // { A: "…", B: "…", C: "…", D: "…" }
  // END SOLUTION
};
await check(causesExercise, causesOf);

// %% tags=["quiet"]
await runtime.stop();

// %% [markdown] tags=["instructor"]
// **For instructors.** Let everyone guess the size of an 8B's `q4_k_m` before section 5; most say four gigabytes. Sections 7 and 8 are
// worth doing twice, once with taskling and once with a model that the class uses: ask for the template and the stop token of a GGUF
// that someone downloaded, and compare them with the model's own repository. The first call into llama.cpp installs it (85 MB).

// %% [markdown]
// ## Try With AI
//
// ### 1. Initial request
//
// > I fine-tuned Llama-3-8B-Instruct with a rank-16 LoRA on a T4. Give me the commands to run it in Ollama on a laptop with 8 GB of
// > memory, and the Modelfile.
//
// ### 2. Critical evaluation
//
// Does its Modelfile have a `TEMPLATE`, and does that write tools? Which stop tokens does it name, and are they those of the template?
// Which size does it promise for `q4_k_m`, and does that leave room for the cache in 8 GB? Compute the size with `weightTerms`.
//
// ### 3. Constraint teaching
//
// > My model was trained with this chat template: [paste it]. The Modelfile's template must give the same text for a conversation with
// > a system prompt, tools, a call and its result. Write it in Go's template syntax, and say what Ollama's data cannot express.
//
// ### 4. Refinement
//
// Ask for a test that would have found a lost template and a lost stop token before a user did: which prompts, what to compare, and
// what counts as a failure.
//
// ### 5. Final check
//
// > Here are ten answers of my merged model and of my q4_k_m file to the same prompts: [paste them]. Which differences matter for a
// > program that parses the answers as JSON, and which do not?
//
// Check its verdict by parsing both.
