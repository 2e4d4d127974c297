/** The counted baseline: it learns what its rows show, says the same after being stored, and is not led astray by odd words. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { answerCounted, readTaskCalls, trainCounted, unknownWords, type CountedModel } from "llmops/evaluate";

const rows = [
  { request: "Add water the ferns", name: "create_task" }, { request: "Please add a call to the vet", name: "create_task" },
  { request: "Delete water the ferns", name: "delete_task" }, { request: "Please delete the call", name: "delete_task" },
];

describe("the counted baseline", () => {
  test("answers by the words that go with an operation", () => {
    const model = trainCounted(rows);
    assert.equal(answerCounted(model, "add a note").name, "create_task");
    assert.equal(answerCounted(model, "DELETE the note!").name, "delete_task");
  });

  test("is far better than a guess on requests that it never saw", () => {
    const model = trainCounted(readTaskCalls("train").slice(0, 2000));
    const unseen = readTaskCalls("held-out");
    const right = unseen.filter(({ request, name }) => answerCounted(model, request).name === name).length;
    assert.ok(right / unseen.length > 0.7, `${right} of ${unseen.length}`);
  });

  test("says the same after a journey through JSON, whatever it is asked", () => {
    const model = trainCounted([...rows, ...Array.from({ length: 2 }, () => ({ request: "constructor __proto__ toString", name: "list_tasks" }))]);
    const back = JSON.parse(JSON.stringify(model)) as CountedModel;
    fc.assert(fc.property(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor hasOwnProperty", "")), (request) => {
      const answer = answerCounted(model, request);
      assert.ok(model.names.includes(answer.name));
      assert.ok(answer.sure >= 0.2 - 1e-12 && answer.sure <= 1, `sure ${answer.sure}`);
      assert.deepEqual(answerCounted(back, request), answer);
    }));
    assert.equal(answerCounted(back, "constructor __proto__").name, "list_tasks");
  });

  test("knows the share of words that it never counted", () => {
    const model = trainCounted(rows);
    assert.equal(unknownWords(model, ["add the zebra please"]), 1 / 4);
    assert.equal(unknownWords(model, []), 0);
  });

  test("names the row that it cannot count", () => {
    assert.throws(() => trainCounted([...rows, { request: "pay the bill", name: "pay_bill" }]), /row 5 names "pay_bill".*create_task/);
    assert.throws(() => trainCounted([]), /at least one request/);
  });
});
