/** One token of a model's answer. Newer versions of the library say where it stands, older ones do not. */
export interface NerToken {
  /** `B-PER`, `I-PER`, `O`, or a tag without a prefix. */
  entity: string;
  score: number;
  /** The token as text; a WordPiece continuation begins with ##. */
  word: string;
  start?: number;
  end?: number;
}

/** Tokens that belong together. */
export interface Entity {
  tag: string;
  start: number;
  end: number;
  /** Mean probability of the tokens. */
  score: number;
}

interface Located {
  tag: string;
  begins: boolean;
  start: number;
  end: number;
  score: number;
}

/** Splits B-PER into its parts; BIO and BIOES. */
function tagOf(entity: string): { tag: string; begins: boolean } {
  const match = /^([BIES])-(.+)$/.exec(entity);
  return match ? { tag: match[2] ?? "", begins: match[1] === "B" || match[1] === "S" } : { tag: entity, begins: false };
}

/** Finds each token in the text, in order. One that is not there as it is spelt (an unknown character) is left out. */
function locate(text: string, tokens: readonly NerToken[]): Located[] {
  const lower = text.toLowerCase();
  // Models without capitals answer in small letters; a few letters change their length in them.
  const foldable = lower.length === text.length;
  const found: Located[] = [];
  let from = 0;
  for (const { entity, score, word, start, end } of tokens) {
    const plain = word.replace(/^##|^[▁Ġ]+/u, "").trim();
    if (plain === "") continue;
    let at = start !== undefined && end !== undefined && start >= from ? start : text.indexOf(plain, from);
    if (at < 0 && foldable) at = lower.indexOf(plain.toLowerCase(), from);
    // Farther than a few characters ahead, it is another word that happens to hold the same letters.
    if (at < 0 || at > from + 24) continue;
    const to = at + plain.length;
    found.push({ ...tagOf(entity), start: at, end: to, score });
    from = to;
  }
  return found;
}

/** Whether what stands between two tokens of one entity may: nothing, a space, a point, an apostrophe, a hyphen. */
const JOINS = /^[\s.'’-]{0,2}$/u;

/**
 * Entities in a text, whole words: a model that marks only the first piece of a word means the word.
 *
 * @param tokens - every token of the text in order, those outside entities too: they show where the others stand
 */
export function locateEntities(text: string, tokens: readonly NerToken[]): Entity[] {
  const groups: (Located & { scores: number[] })[] = [];
  let open: (Located & { scores: number[] }) | undefined;
  for (const token of locate(text, tokens)) {
    const glued = open !== undefined && token.start === open.end && /[\p{L}\p{N}]/u.test(text[token.start] ?? "");
    if (open && glued && (token.tag === open.tag || token.tag === "O")) {
      open.end = token.end;
      if (token.tag === open.tag) open.scores.push(token.score);
      continue;
    }
    if (token.tag === "O") {
      open = undefined;
      continue;
    }
    if (open && token.tag === open.tag && !token.begins && JOINS.test(text.slice(open.end, token.start))) {
      open.end = token.end;
      open.scores.push(token.score);
      continue;
    }
    open = { ...token, scores: [token.score] };
    groups.push(open);
  }
  return groups.map(({ tag, start, end, scores }) => {
    let to = end;
    while (to < text.length && /[\p{L}\p{N}]/u.test(text[to] ?? "")) to++;
    return { tag, start, end: to, score: scores.reduce((a, b) => a + b, 0) / scores.length };
  });
}
