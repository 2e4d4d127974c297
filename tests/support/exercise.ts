/** What every exercise must do: praise a right answer with its reason, not blame a stub, answer each foreseen mistake in its own words. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judge, type Exercise } from "llmops/course";

/** @param mistakes an answer for each misconception of the exercise, by its name */
export function testExercise<Answer>(exercise: Exercise<Answer>, right: Answer, stub: Answer | undefined, unforeseen: [Answer, RegExp], mistakes: Record<string, Answer>): void {
  describe(exercise.id, () => {
    test("a right answer", async () => {
      const verdict = await judge(exercise, right);
      assert.equal(verdict.outcome, "right", verdict.message);
      assert.ok(verdict.message.length > 40, "says why");
    });
    test("the stub", async () => {
      assert.equal((await judge(exercise, stub)).outcome, "untouched");
      assert.equal((await judge(exercise, undefined)).outcome, "untouched");
    });
    test("a wrong answer that nobody foresaw", async () => {
      const verdict = await judge(exercise, unforeseen[0]);
      assert.equal(verdict.outcome, "wrong");
      assert.ok(!("misconception" in verdict));
      assert.match(verdict.message, unforeseen[1]);
    });
    test("an answer for every misconception", () => {
      assert.deepEqual(Object.keys(mistakes).sort(), exercise.misconceptions.map(({ name }) => name).sort());
    });
    for (const [name, answer] of Object.entries(mistakes)) {
      test(`the mistake "${name}"`, async () => {
        const verdict = await judge(exercise, answer);
        assert.equal(verdict.outcome, "wrong", verdict.message);
        assert.equal("misconception" in verdict && verdict.misconception, name, verdict.message);
      });
    }
  });
}
