import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  compileMarkers, fitStyle, generateReplies, isTaskRight, judgeTraits, nearestCentroid, operationSaid, parsePersona, personaIds, personaPath, personaPrompt, personaScorer, readPersona, readPersonaRows,
  repeatedOf, replyOf, requestOf, scorePersona, truthFaults, validateReplies, withoutTitles,
} from "llmops/persona";
import { openTeacher, type PersonaRequest } from "llmops/teacher";
import { readTaskCalls } from "llmops/evaluate";
import { scratch } from "./support/scratch.ts";

const requests = (count: number): PersonaRequest[] => readTaskCalls("train").slice(0, count).map(({ request, name, parameters }) => ({ request, situation: "task", call: { name, parameters } }));
const simulated = (slips = {}) => openTeacher({ door: "simulator", cache: false, simulator: { seed: 9, slips, faults: { rateLimit: 0, serverError: 0, hang: 0 } } });
const NO_SLIPS = { missing_trait: 0, wrong_persona: 0, prohibited: 0, wrong_operation: 0, wrong_title: 0, invented_detail: 0, generic: 0, too_long: 0 };

describe("a persona as data", () => {
  test("the four of the workbook are read, each under its file's name", () => {
    assert.deepEqual(personaIds(), ["neutral", "taskanalyst", "taskmaster", "taskplanner"]);
    for (const id of personaIds()) assert.equal(readPersona(id).id, id);
  });
  test("what is wrong is named with its field", () => {
    const text = readFileSync(personaPath("taskmaster.yaml"), "utf8");
    const refused = (from: string, to: string, message: RegExp) => {
      assert.notEqual(text.replace(from, to), text);
      assert.throws(() => parsePersona(text.replace(from, to), "mine.yaml"), message);
    };
    refused("id: encouraging", "id: Encouraging!", /mine\.yaml[\s\S]*letters, digits and _[\s\S]*traits\[0\]\.id/);
    refused("where: close", "where: end", /traits\[1\]\.where/);
    refused("id: action_oriented", "id: encouraging", /the trait "encouraging" stands there twice/);
    refused("system: You are TaskMaster, an encouraging productivity coach.", `system: ${"You are TaskMaster. ".repeat(20)}`, /200 characters at most/);
    refused("great*,", "gr*eat,", /\* stands at the end of a word/);
    assert.throws(() => parsePersona("a: [", "mine.yaml"), /mine\.yaml is neither YAML nor JSON/);
    assert.throws(() => readPersona("taskmistress"), /there is no persona "taskmistress"; datasets\/personas has neutral, taskanalyst/);
  });
  test("a file of one's own is read by its path, as JSON too", (t) => {
    const path = join(scratch(t), "mine.json");
    writeFileSync(path, JSON.stringify({ ...readPersona("neutral"), id: "mine" }));
    assert.equal(readPersona(path).id, "mine");
  });
});

describe("marks", () => {
  test("words, endings, numbers and pictures", () => {
    const found = (marker: string, text: string) => compileMarkers([marker])?.test(text) ?? false;
    assert.ok(found("great*", "That was the greatest day"));
    assert.ok(!found("great", "That was the greatest day"));
    assert.ok(!found("eat", "great"));
    assert.ok(found("well done", "Well  done!"));
    assert.ok(found("#", "Fields changed: 2."));
    assert.ok(!found("#", "Fields changed."));
    assert.ok(found(":emoji:", "done 🎉"));
    assert.ok(!found(":emoji:", "1 # *"));
    assert.ok(found("c++ (new)", "my C++ (new) notes"));
  });
  test("a mark without signs of its own finds itself, whatever stands around it", () => {
    fc.assert(fc.property(fc.string({ minLength: 1 }).filter((text) => text.trim() !== "" && !/[*#]|:emoji:/.test(text)), (text) => compileMarkers([text])?.test(`. ${text} .`) === true));
  });
  test("titles are no style: what a reply repeats is taken out first", () => {
    assert.equal(withoutTitles('I added "Great idea!" and Well done', ["well done"]), "I added ⟨t⟩ and ⟨t⟩");
    const master = readPersona("taskmaster");
    assert.equal(scorePersona(master, "I've added great wall trip. Now begin.", ["Great wall trip"]).traits["encouraging"], false);
    fc.assert(fc.property(fc.string(), fc.string(), (reply, title) => typeof withoutTitles(reply, [title]) === "string"));
  });
});

describe("what a reply says was done", () => {
  test("the operation is read from the sentence that names the title", () => {
    const cases: [string, string | undefined][] = [
      ['Great, one more done! I\'ve added "buy milk" to your list. Next, complete the first step.', "create_task"],
      ['Good call! "buy milk" has been deleted. Now add what matters.', "delete_task"],
      ['"buy milk" is now due Friday.', "update_task"], ['Status of "buy milk": complete.', "complete_task"],
      ["Created.\nTitle: \"buy milk\"", "create_task"], ["Here are your completed tasks due Friday.", "list_tasks"],
      ['I\'ve renamed "delete the file" to "add a page".', "update_task"], ["Your request has been handled.", undefined],
    ];
    for (const [reply, name] of cases) assert.equal(operationSaid(reply), name, reply);
  });
  // 150 replies as the tiny model's corpus has them (colab/taskling/corpus, requests.make and replies.answered, seed 65): what a base says.
  test("the base's own prose is read rightly, and never for another operation", () => {
    const said = readFileSync(join(import.meta.dirname, "fixtures/base-replies.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line) as { reply: string; name: string; parameters: Record<string, string> });
    for (const { reply, name, parameters } of said) {
      assert.ok(isTaskRight(reply, { name, parameters }), reply);
      for (const other of ["create_task", "update_task", "complete_task", "delete_task", "list_tasks"]) if (other !== name) assert.ok(!isTaskRight(reply, { name: other, parameters }), reply);
    }
  });
  test("each thing that is untrue has its name", () => {
    const call = { name: "create_task", parameters: { title: "buy milk" } };
    assert.deepEqual(truthFaults('I\'ve added "buy milk" to your list.', call), []);
    assert.deepEqual(truthFaults('I\'ve added "buy bread" to your list.', call), ["title"]);
    assert.deepEqual(truthFaults('I\'ve deleted "buy milk".', call), ["operation"]);
    assert.deepEqual(truthFaults('I\'ve added "buy milk", due Friday.', call), ["invented date"]);
    assert.deepEqual(truthFaults('I\'ve added "buy milk" with high priority.', call), ["invented priority"]);
    assert.deepEqual(truthFaults('I\'ve moved "buy milk".', { name: "update_task", parameters: { title: "buy milk", due_date: "Friday" } }), ["date"]);
    assert.deepEqual(truthFaults('I\'ve added "Monday report", due a week from now.', { name: "create_task", parameters: { title: "Monday report", due_date: "a week from now" } }), []);
    assert.ok(isTaskRight('I\'ve added "Buy milk", due Friday.', call));
  });
});

describe("replies by the teacher", () => {
  test("without slips, every reply is truthful and shows its persona", async () => {
    await using teacher = await simulated(NO_SLIPS);
    for (const id of personaIds()) {
      const persona = readPersona(id);
      const { replies, failures } = await generateReplies(teacher, persona, requests(200), { batch: 20 });
      assert.deepEqual([replies.length, failures.length], [200, 0]);
      const { rejected } = validateReplies(persona, replies);
      assert.deepEqual(rejected.filter(({ step }) => step !== "duplicate").map(({ reply, reason }) => `${id}: ${reason}: ${reply.reply}`), []);
      assert.ok(new Set(replies.map(({ reply }) => reply.replace(/["“'].*["”']/u, ""))).size > 60, `${id} repeats itself`);
    }
    assert.deepEqual(teacher.ledger?.slips, []);
  });
  test("the same seed writes the same, another one something else", async () => {
    const write = async (seed: number) => {
      await using teacher = await simulated();
      return (await generateReplies(teacher, readPersona("taskplanner"), requests(30), { seed })).replies.map(({ reply }) => reply);
    };
    assert.deepEqual(await write(1), await write(1));
    assert.notDeepEqual(await write(1), await write(2));
  });
  test("planted slips are found: untruths all, missing traits and other voices nearly all", async () => {
    await using teacher = await simulated();
    const persona = readPersona("taskmaster");
    const { replies } = await generateReplies(teacher, persona, requests(600));
    const { judgments, failures } = await judgeTraits(teacher, persona, replies);
    assert.deepEqual([judgments.length, failures.length], [600, 0]);
    const slips = new Map(teacher.ledger?.slips.map((slip) => [slip.row, slip.slip]));
    assert.ok(slips.size > 90);
    const { kept, rejected } = validateReplies(persona, replies, judgments);
    const left = kept.map(({ id }) => slips.get(id)).filter((slip) => slip !== undefined);
    assert.deepEqual(left.filter((slip) => slip !== "missing_trait" && slip !== "wrong_persona"), []);
    assert.ok(left.length <= 5, `${left.length} slips are left`);
    const wrongly = rejected.filter(({ reply }) => !slips.has(reply.id));
    assert.ok(wrongly.length < 20, `${wrongly.length} good replies are thrown away`);
    // Content and style are told apart: a wrong title is never called a missing trait.
    for (const { reply, step } of rejected) if (slips.get(reply.id) === "wrong_title") assert.equal(step, "truth");
  });
  test("an answer that leaves a request out fails for that request alone", async () => {
    await using teacher = await simulated(NO_SLIPS);
    const complete = teacher.completeAll.bind(teacher);
    teacher.completeAll = (async (asked: never, options: never) => {
      const outcomes = await complete(asked, options);
      for (const outcome of outcomes) if (outcome.ok) (outcome.completion.parsed as unknown as { replies: unknown[] }).replies.splice(1, 1);
      return outcomes;
    }) as typeof teacher.completeAll;
    const { replies, failures } = await generateReplies(teacher, readPersona("neutral"), requests(10), { batch: 5 });
    assert.deepEqual([replies.length, failures.map(({ indices }) => indices)], [8, [[1], [6]]]);
  });
});

describe("datasets/personas", () => {
  const train = readPersonaRows("train"), held = readPersonaRows("test");
  test("rows carry their persona's system prompt, and stay short", () => {
    const systems = new Map(personaIds().map((id) => [id, readPersona(id).system]));
    for (const row of [...train, ...held, ...readPersonaRows("validation")]) {
      assert.equal(row.messages[0]?.content, systems.get(row.persona));
      assert.ok(replyOf(row).split(/\s+/).length <= 48, row.id);
    }
    assert.deepEqual(personaPrompt(held[0] as never).messages.map(({ role }) => role), ["system", "user"]);
  });
  test("no request of the test, and no title of it, stands in training", () => {
    const asked = new Set(train.map(requestOf)), titles = new Set(train.flatMap(({ call }) => call?.parameters["title"]?.toLowerCase() ?? []));
    assert.deepEqual(held.filter((row) => asked.has(requestOf(row))).map(({ id }) => id), []);
    assert.deepEqual(held.filter(({ call }) => titles.has(call?.parameters["title"]?.toLowerCase() ?? "")).map(({ id }) => id), []);
  });
  test("every reply says truthfully what its call does, and adheres", () => {
    const scorers = new Map(personaIds().map((id) => [id, personaScorer(readPersona(id))]));
    for (const row of [...train, ...held]) {
      if (row.call) assert.deepEqual(truthFaults(replyOf(row), row.call), [], row.id);
      assert.ok(scorers.get(row.persona)?.(replyOf(row), repeatedOf(row)).adheres, `${row.id}: ${replyOf(row)}`);
    }
  });
  test("all personas answer the same requests in the test", () => {
    const of = (id: string) => held.filter(({ persona }) => persona === id).map(requestOf);
    for (const id of personaIds()) assert.deepEqual(of(id), of("neutral"));
  });
});

describe("likeness of styles", () => {
  test("voices are told apart on replies that were not seen, titles or not", () => {
    const samples = readPersonaRows("train").slice(0, 800).map((row) => ({ text: replyOf(row), label: row.persona, said: repeatedOf(row) }));
    const model = fitStyle(samples);
    const rows = readPersonaRows("validation");
    const right = rows.filter((row) => model.nearest(replyOf(row), repeatedOf(row)).label === row.persona).length;
    assert.ok(right >= 0.9 * rows.length, `${right} of ${rows.length}`);
    assert.throws(() => fitStyle(samples.filter(({ label }) => label === "neutral")), /two labels at least, not of 1/);
    assert.deepEqual(Object.keys(model.nearest("", []).similarities), personaIds());
  });
  test("vectors of an embedding model take the same way", () => {
    const nearest = nearestCentroid([{ vector: [1, 0], label: "a" }, { vector: [0.9, 0.1], label: "a" }, { vector: [0, 2], label: "b" }]);
    assert.equal(nearest([5, 1]).label, "a");
    assert.equal(nearest([0.1, 0.2]).label, "b");
    assert.ok(nearest([5, 1]).margin > 0);
    assert.throws(() => nearest([1, 2, 3]), /a vector of 3 numbers beside vectors of 2/);
  });
});
