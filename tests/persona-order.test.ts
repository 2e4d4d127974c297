/** Replies put in another order, or in the model's own words: what they say stays true, and the persona still shows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { confirmFirst, confirmFirstIn, inOwnWords, isTaskRight, personaRow, readPersona, readPersonaRows, repeatedOf, replyOf, scorePersona } from "llmops/persona";

test("the opening goes behind what was done, and a title is never cut", () => {
  assert.equal(confirmFirst('Great! I deleted "No. 5. Really?". It\'s off your list. Next step: rest.'), 'I deleted "No. 5. Really?". It\'s off your list. Great! Next step: rest.');
  assert.equal(confirmFirst('I deleted "a". Done.'), 'I deleted "a". Done.');
  assert.equal(confirmFirst(""), "");
});

test("of a conversation the assistant's replies alone are put in order", () => {
  const messages = [{ role: "system", content: "One! Two. Three." }, { role: "user", content: "Great! Do it. Now." }, { role: "assistant", content: "Great! I did it. Next?" }] as const;
  assert.deepEqual(confirmFirstIn([...messages]).map(({ content }) => content), ["One! Two. Three.", "Great! Do it. Now.", "I did it. Great! Next?"]);
});

test("every reply of TaskMaster keeps its words, its traits and its truth", () => {
  const persona = readPersona("taskmaster");
  for (const row of readPersonaRows("train", persona.id)) {
    const before = replyOf(row), after = confirmFirst(before);
    assert.deepEqual(after.split(/\s+/).sort(), before.split(/\s+/).sort());
    assert.ok(scorePersona(persona, after, repeatedOf(row)).adheres, after);
    assert.ok(row.call === null || isTaskRight(after, row.call), after);
  }
});

test("a true confirmation in the model's own words takes the place of the teacher's, and the voice stays", () => {
  const persona = readPersona("taskmaster");
  const call = { name: "delete_task", parameters: { title: "No. 5. Really?" } };
  const row = personaRow(persona, { id: "r/0", index: 0, situation: "task", request: 'Drop "No. 5. Really?".', call, reply: 'Great decision! I deleted "No. 5. Really?". It\'s off your list. Next step: pick your top task.' });
  const inWords = (own: string) => inOwnWords(persona, row, own)?.map(({ content }) => content);
  assert.deepEqual(inWords(' OK, I removed "No. 5. Really?" from your list.\n'), [persona.system, 'Drop "No. 5. Really?".', 'OK, I removed "No. 5. Really?" from your list. Great decision! Next step: pick your top task.']);
  assert.equal(inWords('OK, I removed "No. 5" from your list.'), undefined, "another title");
  assert.equal(inWords('I\'ve completed "No. 5. Really?".'), undefined, "another operation");
  assert.equal(inWords(""), undefined, "nothing said");
  assert.equal(inOwnWords(persona, { ...row, call: null }, "Hello"), undefined, "nothing was done");
});

test("lines of the model's own stay lines, and a reply that would not be the persona is left as it was", () => {
  const persona = readPersona("taskmaster"), call = { name: "create_task", parameters: { title: "milk" } };
  const row = (reply: string) => personaRow(persona, { id: "r/1", index: 0, situation: "task", request: "milk please", call, reply });
  assert.equal(inOwnWords(persona, row("Nice one! I've added \"milk\". Let's get this done."), "I've added this:\nTitle: milk")?.[2]?.content, "I've added this:\nTitle: milk\nNice one! Let's get this done.");
  assert.equal(inOwnWords(persona, row("I've added \"milk\"."), "I've added this:\nTitle: milk"), undefined);
});
