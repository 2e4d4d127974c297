/** Grammars in GBNF that hold a model to JSON of a schema, or to calls of tools. */
import type { ToolDefinition } from "../../data/example.js";
import { GrammarError } from "./error.js";
import { literal, Rules } from "./rules.js";
import { SchemaRules } from "./schema.js";

export interface SchemaGrammarOptions {
  /**
   * `any`: an object's properties come in any order, up to six of them; more, and `listed`: in the order of the schema.
   * Default: `any`.
   */
  order?: "any" | "listed";
  /**
   * Letters of a text whose schema has no `maxLength`, at most, 1 to 1,000. Without it a model that does not find the end of a text
   * writes until the limit on tokens cuts it, and what is cut fits nothing. Default: no bound.
   */
  longest?: number;
}

export interface ToolGrammarOptions extends SchemaGrammarOptions {
  /** `required`: calls and nothing else. `auto`: calls, prose, or prose with calls on the line behind it. Default: `required`. */
  calls?: "required" | "auto";
  /** Whether several calls may come in one answer, up to eight. Default: true. */
  parallel?: boolean;
}

/** In one answer: a model that has got into a loop comes to an end. */
const MOST_CALLS = 8;

/**
 * A grammar for llama.cpp. What it lets through is JSON that fits the schema, or calls in taskling's form, which is Llama 3's,
 * `{"name": …, "parameters": …}`, several separated by `; `, with parameters that fit the tool's schema. In prose beside calls
 * there is no `{`. An answer that a limit cuts is only the beginning of one.
 *
 * Of a schema, what a grammar cannot hold is refused (`pattern`, `minimum` of a number, `allOf`, `not`, …), never left out.
 * Let through is less than the schema allows: no properties that it does not list, and no white space but a blank behind
 * `:` and `,`.
 *
 * @throws GrammarError naming the place in the schema and what would do
 */
export function toGrammar(schema: Readonly<Record<string, unknown>>, options?: SchemaGrammarOptions): string;
export function toGrammar(tools: readonly ToolGrammarDefinition[], options?: ToolGrammarOptions): string;
export function toGrammar(subject: Readonly<Record<string, unknown>> | readonly ToolGrammarDefinition[], options: ToolGrammarOptions = {}): string {
  const { longest } = options;
  if (longest !== undefined && !(Number.isInteger(longest) && longest >= 1 && longest <= 1000)) throw new GrammarError("longest", `${longest} is no number of letters from 1 to 1000`);
  const rules = new Rules(longest);
  if (isTools(subject)) return toolGrammar(rules, subject, options);
  return rules.text(new SchemaRules(rules, subject, { order: options.order ?? "any" }).rule(subject, "#", "answer"));
}

/** A tool, whatever else its definition says. */
type ToolGrammarDefinition = Pick<ToolDefinition, "type"> & { function: { name: string; parameters?: Readonly<Record<string, unknown>> | undefined } };

const isTools = (subject: unknown): subject is readonly ToolGrammarDefinition[] => Array.isArray(subject);

function toolGrammar(rules: Rules, tools: readonly ToolGrammarDefinition[], { calls = "required", parallel = true, order = "any" }: ToolGrammarOptions): string {
  if (tools.length === 0) throw new GrammarError("tools", "there is none to call");
  const blank = rules.common("blank");
  const each = tools.map(({ function: { name, parameters } }) => {
    const schema = parameters ?? { type: "object", properties: {}, additionalProperties: false };
    const given = new SchemaRules(rules, schema, { order }).rule(schema, `${name}#`, name);
    return rules.add(`call-${name}`, `${literal('{"name":')} ${blank} ${literal(`"${name}",`)} ${blank} ${literal('"parameters":')} ${blank} ${given} "}"`);
  });
  const call = rules.add("call", each.join(" | "));
  const all = rules.add("calls", parallel ? `${call} (";" ${blank} ${call}){0,${MOST_CALLS - 1}}` : call);
  if (calls === "required") return rules.text(all);
  const line = rules.add("line", String.raw`[^{\n]*`);
  const prose = rules.add("prose", String.raw`[^{\n\t ] ${line} ("\n" ${line})*`);
  return rules.text(String.raw`${all} | ${prose} ("\n" ${all})?`);
}
