// The client over real HTTP: against the simulator, and against small servers that misbehave in ways it does not.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { openTeacher, TeacherError, type FailureKind, type TeacherOptions } from "llmops/teacher";
import { listenOnLoopback } from "../lib/dist/http/loopback.js";

const QUIET = { rateLimit: 0, serverError: 0, hang: 0 };
const ASK = [{ role: "user", content: "Write 2 training conversations about tasks." }] as const;
const PRICE = { input: 1, cachedInput: 0.5, output: 2 };

type Answer = (body: Record<string, unknown>, response: ServerResponse, n: number, request: IncomingMessage) => void;

/** A plain server that speaks just enough of the API; returns its base address and what it was sent. */
async function stub(answer: Answer, models: string[] = ["stub-model"]) {
  const seen: { body: Record<string, unknown>; headers: IncomingMessage["headers"] }[] = [];
  const server = await listenOnLoopback((request, response) => {
    if (request.url === "/v1/models") return void response.setHeader("content-type", "application/json").end(JSON.stringify({ object: "list", data: models.map((id) => ({ id, object: "model" })) }));
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
      seen.push({ body, headers: request.headers });
      response.setHeader("content-type", "application/json");
      answer(body, response, seen.length, request);
    });
  });
  return { url: `${server.url}/v1`, seen, [Symbol.asyncDispose]: server.close };
}

function completion(content: string | null, more: { finish?: string; refusal?: string; usage?: object | null } = {}) {
  return JSON.stringify({
    id: "chatcmpl-stub", object: "chat.completion", created: 1, model: "stub-model",
    choices: [{ index: 0, finish_reason: more.finish ?? "stop", message: { role: "assistant", content, refusal: more.refusal ?? null } }],
    ...(more.usage === null ? {} : { usage: more.usage ?? { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } }),
  });
}

function failure(status: number, message: string, detail: object = {}): Answer {
  return (_, response) => { response.statusCode = status; response.end(JSON.stringify({ error: { message, type: "invalid_request_error", param: null, code: null, ...detail } })); };
}

const open = (url: string, more: TeacherOptions = {}) => openTeacher({ env: { OPENAI_BASE_URL: url }, cache: false, maxRetries: 0, ...more });

async function kindOf(promise: Promise<unknown>): Promise<{ kind: FailureKind; error: TeacherError }> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof TeacherError, String(error));
    return { kind: error.kind, error };
  }
  throw new assert.AssertionError({ message: "the call should have failed" });
}

async function temporary() {
  const folder = await mkdtemp(join(tmpdir(), "teacher-"));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

test("without key and address the simulator answers, and says so", async () => {
  await using teacher = await openTeacher({ env: { OPENAI_API_KEY: "", OPENAI_BASE_URL: "" }, cache: false });
  assert.equal(teacher.door.kind, "simulator");
  assert.match(teacher.door.says, /not a language model/);
  assert.doesNotMatch(teacher.door.says, /127\.0\.0\.1:\d+/, "the port changes, a recorded sentence must not");
  assert.ok(teacher.ledger);
});

test("a compatible server needs only OPENAI_BASE_URL: no key, its only model, no charge", async () => {
  await using server = await stub((_, response) => response.end(completion("hello")));
  await using teacher = await open(server.url);
  assert.equal(teacher.door.kind, "compatible");
  assert.equal(teacher.door.model, "stub-model");
  assert.equal(teacher.ledger, undefined);
  const answer = await teacher.complete({ messages: [{ role: "user", content: "hi" }], maxTokens: 30 });
  assert.equal(answer.parsed, "hello");
  assert.equal(answer.cost, 0);
  assert.equal(server.seen[0]?.body["max_tokens"], 30);
  assert.deepEqual(teacher.meter.read().inputTokens, 10);
});

test("several models: the choice is asked for, with their names", async () => {
  await using server = await stub((_, response) => response.end(completion("hello")), ["llama", "mistral"]);
  await assert.rejects(open(server.url), /llama, mistral.*LLMOPS_TEACHER_MODEL/);
  await using teacher = await openTeacher({ env: { OPENAI_BASE_URL: server.url, LLMOPS_TEACHER_MODEL: "mistral" }, cache: false });
  assert.equal(teacher.door.model, "mistral");
});

test("the real door without settings, with an odd address, or with an unknown price is refused with the remedy", async () => {
  await assert.rejects(openTeacher({ env: {}, door: "real" }), /OPENAI_API_KEY/);
  await assert.rejects(openTeacher({ env: { OPENAI_BASE_URL: "not an address" } }), /http:\/\/localhost:11434\/v1/);
  await assert.rejects(openTeacher({ env: { OPENAI_BASE_URL: "https://api.openai.com/v1" } }), /needs a key/);
  await assert.rejects(openTeacher({ env: { OPENAI_API_KEY: "k" }, model: "gpt-99" }), /price of gpt-99.*price: \{ input, cachedInput, output \}/);
  await assert.rejects(openTeacher({ env: { OPENAI_API_KEY: "k", LLMOPS_TEACHER_PRICE: "cheap" }, model: "gpt-99" }), /LLMOPS_TEACHER_PRICE.*0\.10\/0\.50/);
  await using byEnvironment = await openTeacher({ env: { OPENAI_API_KEY: "k", LLMOPS_TEACHER_PRICE: "1/2.5" }, model: "gpt-99", cache: false });
  assert.match(byEnvironment.door.says, /\$1\.00 in \/ \$2\.50 out/);
  await using known = await openTeacher({ env: { OPENAI_API_KEY: "k" }, cache: false });
  assert.equal(known.door.kind, "openai");
  assert.match(known.door.says, /gpt-6-luna, \$0\.10 in \/ \$0\.50 out/);
  await using priced = await openTeacher({ env: { OPENAI_API_KEY: "k" }, model: "gpt-99", price: PRICE, cache: false });
  assert.equal(priced.door.model, "gpt-99");
});

test("429 and 5xx are retried, and the meter shows it", async () => {
  await using server = await stub((_, response, n) => {
    if (n <= 2) { response.statusCode = n === 1 ? 429 : 503; response.setHeader("retry-after-ms", "5"); response.end("{}"); } else response.end(completion("at last"));
  });
  await using teacher = await open(server.url, { maxRetries: 3, price: PRICE, budgetUsd: 1 });
  const answer = await teacher.complete({ messages: ASK });
  assert.equal(answer.attempts, 3);
  assert.equal(teacher.meter.read().retries, 2);
  assert.equal(teacher.meter.uncertain, 0, "a refused request is not billed");
  assert.equal(teacher.meter.spent, (10 * 1 + 5 * 2) / 1e6);
});

test("retry-after in milliseconds is honoured", async () => {
  const times: number[] = [];
  await using server = await stub((_, response, n) => {
    times.push(performance.now());
    if (n === 1) { response.statusCode = 429; response.setHeader("retry-after-ms", "300"); response.end("{}"); } else response.end(completion("ok"));
  });
  await using teacher = await open(server.url, { maxRetries: 1 });
  await teacher.complete({ messages: ASK });
  const waited = (times[1] ?? 0) - (times[0] ?? 0);
  assert.ok(waited >= 290 && waited < 3000, `${waited} ms`);
});

test("a request that is never answered times out, is retried, and counts as possibly billed", async () => {
  await using server = await stub((_, response, n) => { if (n > 1) response.end(completion("ok")); });
  await using teacher = await open(server.url, { maxRetries: 2, timeoutMs: 150, price: PRICE });
  const answer = await teacher.complete({ messages: ASK, maxTokens: 100 });
  assert.equal(answer.attempts, 2);
  assert.ok(teacher.meter.uncertain > (100 * 2) / 1e6, "the worst case of the lost attempt");
  await using hopeless = await stub(() => undefined);
  await using patient = await open(hopeless.url, { maxRetries: 0, timeoutMs: 100 });
  const { kind, error } = await kindOf(patient.complete({ messages: ASK }));
  assert.equal(kind, "timeout");
  assert.equal(error.attempts, 1);
});

test("a budget that cannot carry a second attempt stops the retry", async () => {
  await using server = await stub(() => undefined);
  // One attempt at 100 tokens out and a handful in needs a little more than $0.0002; two do not fit.
  await using teacher = await open(server.url, { maxRetries: 5, timeoutMs: 80, price: PRICE, budgetUsd: 0.0005 });
  const { kind } = await kindOf(teacher.complete({ messages: ASK, maxTokens: 100 }));
  assert.equal(kind, "budget");
  assert.equal(server.seen.length, 1);
  assert.ok(teacher.meter.uncertain > 0 && teacher.meter.uncertain <= 0.0005);
  assert.equal(teacher.meter.reserved, 0);
});

test("every failure has its kind and its remedy", async () => {
  const cases: [Answer, FailureKind, RegExp][] = [
    [failure(401, "Incorrect API key provided"), "bad-key", /OPENAI_API_KEY/],
    [failure(403, "no access"), "bad-key", /right to use/],
    [failure(404, "The model does not exist", { code: "model_not_found" }), "unknown-model", /LLMOPS_TEACHER_MODEL/],
    [failure(400, "maximum context length is 8192 tokens", { code: "context_length_exceeded" }), "context-too-long", /smaller chunks/],
    [failure(400, "bad thing", { param: "messages" }), "bad-request", /parameter messages/],
    [failure(429, "no credit", { code: "insufficient_quota" }), "rate-limit", /credit/],
    [failure(500, "oops"), "server", /Try again/],
    [(_, response) => response.end(JSON.stringify({ hello: 1 })), "server", /\/v1/],
  ];
  for (const [answer, expected, remedy] of cases) {
    await using server = await stub(answer);
    await using teacher = await open(server.url);
    const { kind, error } = await kindOf(teacher.complete({ messages: ASK }));
    assert.equal(kind, expected, error.message);
    assert.match(error.message, remedy);
    assert.equal(teacher.meter.reserved, 0);
  }
  const gone = await stub((_, response) => response.end("{}"));
  await gone[Symbol.asyncDispose]();
  await using teacher = await open(gone.url, { model: "x" });
  const { kind, error } = await kindOf(teacher.complete({ messages: ASK }));
  assert.equal(kind, "network");
  assert.match(error.message, /ECONNREFUSED.*ollama serve/);
  assert.equal(teacher.meter.uncertain, 0);
});

const Person = z.object({ name: z.string(), age: z.int().min(0) });

test("a schema goes over the wire and the answer comes back typed", async () => {
  await using server = await stub((_, response) => response.end(completion('{"name":"Ada","age":36}')));
  await using teacher = await open(server.url);
  const answer = await teacher.complete({ messages: ASK, schema: Person, schemaName: "person" });
  const age: number = answer.parsed.age;
  assert.equal(age, 36);
  const format = server.seen[0]?.body["response_format"] as { type: string; json_schema: { name: string; strict: boolean; schema: { required: string[]; additionalProperties: boolean } } };
  assert.equal(format.type, "json_schema");
  assert.equal(format.json_schema.name, "person");
  assert.equal(format.json_schema.strict, true);
  assert.deepEqual(format.json_schema.schema.required, ["name", "age"]);
  assert.equal(format.json_schema.schema.additionalProperties, false);
});

test("a misfit is asked for once more with the error shown, then fails with the raw text", async () => {
  await using mends = await stub((_, response, n) => response.end(completion(n === 1 ? '{"name":"Ada"}' : '{"name":"Ada","age":36}')));
  await using teacher = await open(mends.url);
  const answer = await teacher.complete({ messages: ASK, schema: Person });
  assert.equal(answer.parsed.age, 36);
  assert.equal(answer.attempts, 2);
  assert.equal(answer.usage.input, 20, "both answers are paid for");
  const second = mends.seen[1]?.body["messages"] as { role: string; content: string }[];
  assert.deepEqual(second.map((turn) => turn.role), ["user", "assistant", "user"]);
  assert.match(second[2]?.content ?? "", /at age/);

  await using never = await stub((_, response) => response.end(completion("Sure! Here is your JSON")));
  await using stubborn = await open(never.url);
  const { kind, error } = await kindOf(stubborn.complete({ messages: ASK, schema: Person }));
  assert.equal(kind, "invalid-json");
  assert.equal(error.raw, "Sure! Here is your JSON");
  assert.equal(never.seen.length, 2);
  assert.equal(error.attempts, 2);

  await using cut = await stub((_, response) => response.end(completion('{"name":"A', { finish: "length" })));
  await using short = await open(cut.url);
  assert.equal((await kindOf(short.complete({ messages: ASK, schema: Person }))).kind, "truncated");
  assert.equal(cut.seen.length, 1, "asking again would be cut again");

  await using no = await stub((_, response) => response.end(completion(null, { refusal: "I can't help with that." })));
  await using refused = await open(no.url);
  assert.equal((await kindOf(refused.complete({ messages: ASK, schema: Person }))).kind, "refusal");

  await using fenced = await stub((_, response) => response.end(completion('```json\n{"name":"Ada","age":36}\n```')));
  await using lenient = await open(fenced.url);
  assert.equal((await lenient.complete({ messages: ASK, schema: Person })).parsed.name, "Ada");
});

test("an optional parameter that the server does not take is left out", async () => {
  await using server = await stub((body, response, n, request) =>
    body["temperature"] === undefined ? response.end(completion("ok")) : failure(400, "Unsupported value", { param: "temperature", code: "unsupported_value" })(body, response, n, request));
  await using teacher = await open(server.url);
  assert.equal((await teacher.complete({ messages: ASK, temperature: 0 })).text, "ok");
  assert.equal(server.seen.length, 2);
});

test("a server that counts no tokens is metered at the bound", async () => {
  await using server = await stub((_, response) => response.end(completion("four words are here", { usage: null })));
  await using teacher = await open(server.url, { price: PRICE });
  const answer = await teacher.complete({ messages: ASK, maxTokens: 50 });
  assert.ok(answer.usage.input > 10 && answer.usage.output > 0 && answer.usage.output <= 50);
});

test("the cache: equal bytes, no cost, no request; the meter shows the value", async () => {
  await using place = await temporary();
  const settings: TeacherOptions = { env: {}, cache: place.folder, simulator: { faults: QUIET } };
  await using first = await openTeacher(settings);
  const paid = await first.complete({ messages: ASK });
  assert.ok(paid.cost > 0 && !paid.cached);
  await using second = await openTeacher({ ...settings, budgetUsd: 0 });
  const stored = await second.complete({ messages: ASK });
  assert.deepEqual({ ...stored, cost: paid.cost, cached: false, attempts: paid.attempts }, paid);
  assert.equal(stored.cost, 0);
  assert.equal(second.meter.spent, 0);
  assert.equal(second.meter.value, paid.cost);
  assert.deepEqual(second.ledger?.entries, first.ledger?.entries, "the ledger is whole though nothing was asked");
  // Another seed, a different simulator: its answers must not be served from this one's.
  await using other = await openTeacher({ ...settings, simulator: { seed: 8, faults: QUIET } });
  assert.equal((await other.complete({ messages: ASK })).cached, false);
  await using server = await stub((_, response) => response.end(completion("real")));
  await using real = await open(server.url, { cache: place.folder, model: "gpt-6-luna" });
  assert.equal((await real.complete({ messages: ASK })).text, "real");
});

test("a damaged cache entry is reported, ignored and replaced; concurrent writers leave whole files", async () => {
  await using place = await temporary();
  const warnings: string[] = [];
  const settings: TeacherOptions = { env: {}, cache: place.folder, simulator: { faults: QUIET }, warn: (message) => warnings.push(message) };
  const files = async () => (await readdir(place.folder, { recursive: true })).filter((name) => !/^\w+([/\\]\w+)?$/.test(name));
  await using first = await openTeacher(settings);
  await using twin = await openTeacher(settings);
  await Promise.all([first, twin, first, twin].map((teacher) => teacher.complete({ messages: ASK })));
  const [file, ...more] = await files();
  assert.ok(file !== undefined && file.endsWith(".json") && more.length === 0, "one entry, no draft left behind");
  const path = join(place.folder, file);
  assert.equal((JSON.parse(await readFile(path, "utf8")) as { version: number }).version, 1);
  await writeFile(path, "{ not json");
  assert.equal((await first.complete({ messages: ASK })).cached, false);
  assert.match(warnings.join(), /damaged/);
  assert.equal((await first.complete({ messages: ASK })).cached, true);
});

test("streaming gives the same text as asking for the whole, and is metered and cached", async () => {
  await using place = await temporary();
  await using teacher = await openTeacher({ env: {}, cache: false, simulator: { faults: QUIET } });
  const whole = await teacher.complete({ messages: ASK });
  await using streaming = await openTeacher({ env: {}, cache: place.folder, simulator: { faults: QUIET } });
  const pieces: string[] = [];
  const stream = streaming.stream({ messages: ASK });
  let step = await stream.next();
  for (; step.done !== true; step = await stream.next()) pieces.push(step.value);
  assert.ok(pieces.length > 10);
  assert.equal(pieces.join(""), whole.text);
  assert.deepEqual(step.value.usage, whole.usage);
  assert.equal(step.value.cost, whole.cost);
  assert.equal(step.value.responseId, whole.responseId);
  const again = streaming.stream({ messages: ASK });
  assert.equal((await again.next()).value, whole.text);
  // Leaving early: the server may have gone on writing.
  for await (const piece of teacher.stream({ messages: ASK })) { assert.ok(piece); break; }
  assert.ok(teacher.meter.uncertain > 0);
  assert.equal(teacher.meter.reserved, 0);
});

test("completeAll keeps the order, bounds concurrency, and returns failures as values", async () => {
  let under = 0;
  let most = 0;
  await using server = await stub((body, response) => {
    const text = (body["messages"] as { content: string }[])[0]?.content ?? "";
    most = Math.max(most, ++under);
    setTimeout(() => {
      under--;
      if (text === "3") { response.statusCode = 400; response.end(JSON.stringify({ error: { message: "no threes", param: "messages" } })); } else response.end(completion(`answer ${text}`));
    }, 30 - 3 * Number(text));
  });
  await using teacher = await open(server.url, { concurrency: 3 });
  const seen: number[] = [];
  const outcomes = await teacher.completeAll(Array.from({ length: 8 }, (_, i) => ({ messages: [{ role: "user" as const, content: String(i) }] })), { onProgress: ({ done }) => seen.push(done) });
  assert.deepEqual(outcomes.map((outcome) => (outcome.ok ? outcome.completion.text : outcome.error.kind)),
    ["answer 0", "answer 1", "answer 2", "bad-request", "answer 4", "answer 5", "answer 6", "answer 7"]);
  assert.equal(most, 3);
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("an abort ends calls under way and waiting, and keeps what is done", async () => {
  const stop = new AbortController();
  await using server = await stub((_, response, n) => { if (n === 1) response.end(completion("first")); else stop.abort(); });
  await using teacher = await open(server.url, { concurrency: 1, price: PRICE, budgetUsd: 1 });
  const outcomes = await teacher.completeAll(Array.from({ length: 4 }, () => ({ messages: ASK })), { signal: stop.signal });
  assert.deepEqual(outcomes.map((outcome) => (outcome.ok ? "ok" : outcome.error.kind)), ["ok", "aborted", "aborted", "aborted"]);
  assert.equal(server.seen.length, 2);
  assert.equal(teacher.meter.reserved, 0);
});

test("the rate limit of the simulator holds, and the client gets through", async () => {
  await using teacher = await openTeacher({ env: {}, cache: false, concurrency: 8, maxRetries: 10, simulator: { faults: QUIET, rateLimit: { burst: 2, perSecond: 100 } } });
  const outcomes = await teacher.completeAll(Array.from({ length: 12 }, (_, i) => ({ messages: [{ role: "user" as const, content: `hello ${i}` }] })));
  assert.ok(outcomes.every((outcome) => outcome.ok));
  assert.ok(teacher.meter.read().retries > 0);
});
