/** Diagrams: everything that was given is in the picture and inside it, and the picture can be read without seeing it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { diagramBundle, diagramSpec, type Diagram } from "llmops/course";

const diagram: Diagram = {
  boxes: [{ title: "Data", lines: ["in: <rows>"], state: "passed" }, { title: "Training", state: "failed" }, { title: "Evaluation" }],
  bands: [{ title: "Feature pipeline", from: 0, to: 1 }], between: ["dataset\nv1", "model"], back: "answers",
};
interface Layer { data: { values: Record<string, number | string>[] } }
const values = (drawn: Diagram) => (diagramSpec(drawn) as unknown as { layer: Layer[] }).layer.flatMap(({ data }) => data.values);

describe("a diagram", () => {
  test("has every word that was given, and says the state of a box in a sign", async () => {
    const svg = String((await diagramBundle(diagram, "Three stages"))["image/svg+xml"]);
    for (const word of ["✓ Data", "in: &lt;rows&gt;", "✗ Training", ">Evaluation<", "Feature pipeline", ">dataset<", ">v1<", ">model<", ">answers<"]) assert.ok(svg.includes(word), word);
  });

  test("is read out as its alternative text", async () => {
    const bundle = await diagramBundle(diagram, "Three stages");
    assert.equal(bundle["text/plain"], "Three stages");
    assert.equal((bundle["application/vnd.vegalite.v5+json"] as { description: string }).description, "Three stages");
  });

  test("draws nothing outside its frame", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 8 }), fc.boolean(), (count, lines, back) => {
      const drawn: Diagram = {
        boxes: Array.from({ length: count }, (_, at) => ({ title: `Box ${at}`, lines: Array.from({ length: lines }, () => "a line") })),
        bands: [{ title: "all", from: 0, to: count - 1 }], ...(back ? { back: "and again" } : {}),
      };
      const { width, height } = diagramSpec(drawn) as unknown as { width: number; height: number };
      for (const place of values(drawn)) {
        for (const [name, most] of [["x", width], ["x2", width], ["y", height], ["y2", height]] as const) {
          const value = Number(place[name] ?? 0);
          assert.ok(value >= 0 && value <= most, `${name} = ${value} of ${most}`);
        }
      }
    }));
  });

  test("without an alternative text, or without a box, is refused", async () => {
    await assert.rejects(diagramBundle(diagram, " "), /alternative text/);
    await assert.rejects(diagramBundle({ boxes: [] }, "nothing"), /at least one box/);
  });
});
