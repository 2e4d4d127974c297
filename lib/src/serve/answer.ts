/**
 * What a model wrote, read as prose and calls. The form is Llama 3's JSON, as taskling is tuned to write it:
 * `{"name": "create_task", "parameters": {"title": "buy milk"}}`, several separated by `; `, with prose, if any, on lines before
 * them. Also read: `arguments` for `parameters`, and Llama 3.1's `<|python_tag|>` in front.
 */

/** A call as the model wrote it. */
export interface CallText {
  name: string;
  arguments: Record<string, unknown>;
}

/** An answer in its two parts; one of them may be empty. */
export interface AnswerParts {
  content: string | null;
  calls: readonly CallText[];
}

const TAG = "<|python_tag|>";

/**
 * Reads an answer. Calls are taken all or none: where one of them is cut off or no JSON, all is prose, so that nothing of it is run.
 * Whether a tool of that name exists, and takes such arguments, is for the caller to say.
 */
export function readAnswer(text: string): AnswerParts {
  for (const start of callStarts(text)) {
    const calls = readCalls(text.slice(start).replace(TAG, ""));
    if (calls) return { content: text.slice(0, start).trimEnd() || null, calls };
  }
  return { content: text, calls: [] };
}

/** Where calls may begin: at the first brace of a line, or at the tag. */
export const callStarts = (text: string): number[] => [...text.matchAll(/(?:^|(?<=\n))[ \t]*(?:\{|<\|python_tag\|>)/g)].map(({ index }) => index);

function readCalls(text: string): CallText[] | undefined {
  const calls: CallText[] = [];
  let rest = text.trim();
  for (;;) {
    const end = objectEnd(rest);
    const call = end === undefined ? undefined : readCall(rest.slice(0, end));
    if (end === undefined || call === undefined) return undefined;
    calls.push(call);
    rest = rest.slice(end).trimStart();
    if (rest === "") return calls;
    if (!rest.startsWith(";")) return undefined;
    rest = rest.slice(1).trimStart();
  }
}

/** Behind the object that the text begins with; braces in strings do not count. */
function objectEnd(text: string): number | undefined {
  if (!text.startsWith("{")) return undefined;
  let depth = 0, quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter === "\\") at++;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "{") depth++;
    else if (letter === "}" && --depth === 0) return at + 1;
  }
  return undefined;
}

function readCall(text: string): CallText | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { name, parameters, arguments: alias } = value as Record<string, unknown>;
  const given = parameters ?? alias;
  if (typeof name !== "string" || typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
  return { name, arguments: given as Record<string, unknown> };
}
