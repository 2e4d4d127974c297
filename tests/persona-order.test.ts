/** Confirmation before praise: nothing of a reply is lost, and what it says and shows stays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { confirmFirst, confirmFirstIn, isTaskRight, readPersona, readPersonaRows, repeatedOf, replyOf, scorePersona } from "llmops/persona";

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
