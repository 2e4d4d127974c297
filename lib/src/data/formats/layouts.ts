import type { Format } from "../example.js";
import type { Shape } from "./shape.js";

const OBJECTS = { arguments: "object" };

/**
 * The spellings a format can be asked for by name; the first is its plain one.
 *
 * - `conversational`: lists of messages; `standard`: texts, for a single question and answer.
 * - `implicit`, `implicit-standard`: both answers of a pair begin with the prompt.
 * - `openai`: what OpenAI's fine-tuning takes.
 * - `trl`: as `conversational`, with the arguments of tool calls as objects: chat templates print them with `tojson`, and
 *   would print a text of JSON in quotes (https://huggingface.co/docs/trl/dataset_formats#tool-calling).
 */
export const LAYOUTS: Readonly<Record<Format, Readonly<Record<string, Shape>>>> = {
  alpaca: {},
  sharegpt: {},
  messages: { openai: {}, trl: OBJECTS },
  preference: {
    conversational: {},
    standard: { form: "text" },
    implicit: { form: "whole" },
    "implicit-standard": { form: "implicit" },
    openai: { form: "openai" },
    trl: { styles: { prompt: OBJECTS, chosen: OBJECTS, rejected: OBJECTS } },
  },
  "prompt-completion": { conversational: {}, standard: { form: "text" }, trl: OBJECTS },
  "unpaired-preference": { conversational: {}, standard: { form: "text" }, trl: OBJECTS },
  text: {},
};

/** @throws RangeError when the format has no such layout */
export function layoutShape(format: Format, layout: string): Shape {
  const layouts = LAYOUTS[format];
  const shape = Object.hasOwn(layouts, layout) ? layouts[layout] : undefined;
  if (shape) return shape;
  const names = Object.keys(layouts);
  throw new RangeError(`${format} has no layout ${JSON.stringify(layout)}; ${names.length > 0 ? `it has ${names.join(", ")}` : "it has one spelling only, leave the layout out"}`);
}
