/** Code in colours, line by line, so that a slide can show a part of it. */
import { escapeHtml } from "llmops/course";
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import json from "highlight.js/lib/languages/json";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import typescript from "highlight.js/lib/languages/typescript";
import yaml from "highlight.js/lib/languages/yaml";

for (const [name, language] of Object.entries({ bash, json, markdown, python, typescript, yaml })) hljs.registerLanguage(name, language);

/** The code as HTML; in a language that is not known, as plain text. */
export const codeHtml = (code: string, language: string): string =>
  hljs.getLanguage(language) ? hljs.highlight(code, { language }).value : escapeHtml(code);

/** Every line is whole by itself: what is open at its end is closed there, and opened again in the next. */
export function codeLines(code: string, language: string): string[] {
  let open: string[] = [];
  return codeHtml(code, language).split("\n").map((line) => {
    const before = open.join("");
    open = [...open];
    for (const [tag] of line.matchAll(/<span[^>]*>|<\/span>/g)) {
      if (tag === "</span>") open.pop();
      else open.push(tag);
    }
    return `${before}${line}${"</span>".repeat(open.length)}`;
  });
}
