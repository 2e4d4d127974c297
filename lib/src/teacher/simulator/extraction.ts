import type { Chunk } from "../pair-prompt.js";
import { Random } from "../random.js";

/** An instruction and its answer. */
interface Pair {
  instruction: string;
  output: string;
}

/**
 * Makes pairs from a passage by extraction: the answer is always a sentence of the passage, word for word, and the
 * question is built from that sentence or from the heading. Honest, and as dull as that sounds.
 */
export function extractPairs(key: readonly (string | number)[], chunk: Chunk, count: number): Pair[] {
  const random = new Random(...key, "pairs");
  const sentences = splitSentences(chunk.text);
  const pairs: Pair[] = [];
  for (const sentence of random.shuffle(sentences)) {
    if (pairs.length === count) break;
    const instruction = askAbout(random, sentence, chunk);
    if (instruction !== undefined && !pairs.some((pair) => pair.instruction.toLowerCase() === instruction.toLowerCase())) {
      pairs.push({ instruction, output: sentence });
    }
  }
  if (pairs.length < count && chunk.heading !== "" && sentences.length >= 2) {
    const summary = sentences.slice(0, Math.min(3, sentences.length)).join(" ");
    pairs.push({ instruction: random.pick([`Explain "${chunk.heading}".`, `What should I know about ${quoteTopic(chunk.heading)}?`, `Summarise what the documentation says about ${quoteTopic(chunk.heading)}.`]), output: summary });
  }
  return pairs;
}

/** Sentences of 5 to 60 words that say something: no code, table rows, headings or link lists. */
function splitSentences(text: string): string[] {
  const prose = text.replace(/```[\s\S]*?(```|$)/g, "\n").split(/\n\s*\n/).flatMap((block) =>
    block.split("\n").some((line) => /^\s*([-*+]|\d+\.|\||#|>)/.test(line)) ? block.split("\n").map((line) => line.replace(/^\s*([-*+>]|\d+\.)\s+/, "")) : [block.replace(/\s*\n\s*/g, " ")]);
  return prose.flatMap((block) => block.split(/(?<=[.!?])\s+(?=[\p{Lu}"“'`])/u)).map((sentence) => sentence.trim())
    .filter((sentence) => {
      const words = sentence.split(/\s+/).length;
      return words >= 5 && words <= 60 && /[.!]$/.test(sentence) && !sentence.startsWith("|") && !sentence.startsWith("#");
    });
}

function askAbout(random: Random, sentence: string, chunk: Chunk): string | undefined {
  const about = chunk.heading === "" ? chunk.source : chunk.heading;
  const purpose = /^To ([a-z][^,]{4,80}), /.exec(sentence);
  if (purpose?.[1] !== undefined) return random.pick([`How do I ${purpose[1]}?`, `What do I have to do to ${purpose[1]}?`]);
  const condition = /^(If|When) ([^,]{6,90}), /.exec(sentence);
  if (condition?.[2] !== undefined) return condition[1] === "If" ? random.pick([`What happens if ${condition[2]}?`, `What should I know if ${condition[2]}?`]) : `What happens when ${condition[2]}?`;
  const definition = /^((?:An?|The) [\w`-]+(?: [\w`-]+){0,3}|[A-Z`][\w`-]*(?: [\w`-]+){0,2}) (is|are|means|lets|allows|contains|holds|returns|stores|supports|uses|runs|needs|requires) /.exec(sentence);
  if (definition?.[1] !== undefined && definition[2] !== undefined && !/^(This|That|These|It|They|There|You|We|He|She|Here|Each|All|Both|Some|Most|Such|One|Note)\b/.test(definition[1])) {
    const subject = definition[1].replace(/^(The|An?) /, (article) => article.toLowerCase());
    switch (definition[2]) {
      case "is": return `What is ${subject}?`;
      case "are": return `What are ${subject}?`;
      case "means": return `What does ${subject} mean?`;
      default: return `What does ${subject} ${{ lets: "let you do", allows: "allow", contains: "contain", holds: "hold", returns: "return", stores: "store", supports: "support", uses: "use", runs: "run", needs: "need", requires: "require" }[definition[2]] ?? "do"}?`;
    }
  }
  const reason = /^(.{12,110}?),? because /.exec(sentence);
  if (reason?.[1] !== undefined) return `Regarding ${quoteTopic(about)}: what is the reason that ${reason[1].charAt(0).toLowerCase()}${reason[1].slice(1)}?`;
  if (/^(Use|Run|Set|Install|Open|Call|Add|Create|Choose|Pass|Start|Check|Make|Keep|Avoid|Never|Always|Do not|Don't)\b/.test(sentence)) return random.pick([`What is advised about ${quoteTopic(about)}?`, `Give me one instruction on ${quoteTopic(about)}.`, `What should I do about ${quoteTopic(about)}?`]);
  const subject = keyTerm(sentence);
  return subject === undefined ? undefined : random.pick([`What does the section ${quoteTopic(about)} say about ${subject}?`, `In the context of ${quoteTopic(about)}, what is said about ${subject}?`, `Tell me about ${subject} in ${quoteTopic(about)}.`]);
}

/** Something in the sentence worth asking about: code in backticks, a name, else its longest word. */
function keyTerm(sentence: string): string | undefined {
  const code = /`[^`\n]{2,40}`/.exec(sentence)?.[0];
  if (code !== undefined) return code;
  const name = /(?<=\s)[A-Z][\w-]+(?: [A-Z][\w-]+)*/.exec(sentence)?.[0];
  if (name !== undefined && name.length > 2) return name;
  const words = (sentence.match(/\p{L}{6,}/gu) ?? []).sort((a, b) => b.length - a.length);
  return words[0]?.toLowerCase();
}

function quoteTopic(topic: string): string {
  return `"${topic}"`;
}
