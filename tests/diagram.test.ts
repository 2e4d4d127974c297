/** Diagrams: everything that was given is in the picture and inside it, and the picture can be read without seeing it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { diagramBundle, diagramSvg } from "llmops/course";

const boxes = [{ title: "Data", lines: ["in: <rows>"], state: "passed" as const }, { title: "Training", state: "failed" as const }, { title: "Evaluation" }];
const numbers = (svg: string, name: string) => [...svg.matchAll(new RegExp(`(?<![\\w-])${name}="(-?[\\d.]+)"`, "g"))].map(([, value]) => Number(value));

describe("a diagram", () => {
  const svg = diagramSvg({ boxes, bands: [{ title: "Feature pipeline", from: 0, to: 1 }], between: ["dataset\nv1", "model"], back: "answers" }, 'Three "stages"');

  test("has every word that was given, escaped, and says the state of a box in a sign", () => {
    for (const word of ["✓ Data", "in: &lt;rows&gt;", "✗ Training", ">Evaluation<", "Feature pipeline", ">dataset<", ">v1<", ">model<", ">answers<"]) assert.ok(svg.includes(word), word);
  });

  test("is read out as its alternative text", () => {
    assert.match(svg, /role="img" aria-label="Three &quot;stages&quot;"/);
    assert.equal(diagramBundle({ boxes }, "Three stages")["text/plain"], "Three stages");
  });

  test("draws nothing outside its frame", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 8 }), fc.boolean(), (count, lines, back) => {
      const drawn = diagramSvg({
        boxes: Array.from({ length: count }, (_, at) => ({ title: `Box ${at}`, lines: Array.from({ length: lines }, () => "a line") })),
        bands: [{ title: "all", from: 0, to: count - 1 }], ...(back ? { back: "and again" } : {}),
      }, "boxes");
      const [width = 0] = numbers(drawn, "width"), [height = 0] = numbers(drawn, "height");
      for (const [name, most] of [["x", width], ["x2", width], ["y", height], ["y2", height]] as const) {
        for (const value of numbers(drawn, name)) assert.ok(value >= 0 && value <= most, `${name}=${value} of ${most}`);
      }
    }));
  });

  test("without an alternative text, or without a box, is refused", () => {
    assert.throws(() => diagramBundle({ boxes }, " "), /alternative text/);
    assert.throws(() => diagramBundle({ boxes: [] }, "nothing"), /at least one box/);
  });
});
