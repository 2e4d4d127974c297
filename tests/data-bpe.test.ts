import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Bpe, ENCODINGS, openTokenizer, textPieces, trainBpe, type BpeMerge } from "llmops/data";
import { scratch } from "./support/scratch.ts";

/** Texts with many repeats and ties, and any text. */
const anyText = fc.oneof(
  fc.stringMatching(/^[ab \n]{0,60}$/),
  fc.array(fc.constantFrom("the", " task", " tasks", "aaa", "\n", "\r\n", " 12", "é", "東京", "🙂", "\ufeff", "'s", "..."), { maxLength: 30 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const bytesOf = (text: string) => Buffer.byteLength(text.toWellFormed());
const spell = (merges: readonly BpeMerge[]) => {
  const bpe = new Bpe(merges);
  return merges.map(({ left, right, count }) => `${bpe.piece(left)}+${bpe.piece(right)} ${count}`);
};

describe("training of a byte-pair encoding", () => {
  it("joins the most frequent pair, of equals the one that stands first, and says how often", () => {
    assert.deepEqual(spell(trainBpe("low low low lower", { vocabSize: 259 })), ["l+o 4", "lo+w 4", " +low 3"]);
    assert.deepEqual(spell(trainBpe("ba ba ab ab", { vocabSize: 257 })), ["b+a 2"], "of four pairs that occur twice, ba stands first");
  });
  it("counts what can be joined: one aa in aaa", () => {
    assert.deepEqual(spell(trainBpe("aaa aaa", { vocabSize: 300 })), ["a+a 2", "aa+a 2"]);
    assert.deepEqual(spell(trainBpe("aaaa", { vocabSize: 300 })), ["a+a 2"]);
  });
  it("stops where no pair occurs twice, and joins nothing across words", () => {
    assert.deepEqual(trainBpe("abc def", { vocabSize: 300 }), []);
    assert.deepEqual(trainBpe("", { vocabSize: 256 }), []);
    assert.deepEqual(spell(trainBpe("a1 a1 a1", { vocabSize: 300 })), [" +a 2"]);
  });
  it("takes in each step the pair that can be joined most often, found by trying every pair", () => {
    fc.assert(fc.property(fc.stringMatching(/^[abc]{0,60}$/), (word) => {
      let tokens = [...Buffer.from(word)];
      const merges = trainBpe(word, { vocabSize: 300 });
      for (const { left, right, token, count } of merges) {
        const pairs = tokens.slice(1).map((second, at): [number, number] => [tokens[at] as number, second]);
        const gains = pairs.map(([a, b]) => tokens.length - joinAll(tokens, a, b, token).length);
        const first = gains.indexOf(Math.max(...gains));
        assert.deepEqual([...(pairs[first] as [number, number]), gains[first]], [left, right, count]);
        tokens = joinAll(tokens, left, right, token);
      }
      const left = tokens.slice(1).map((second, at) => tokens.length - joinAll(tokens, tokens[at] as number, second, 0).length);
      assert.ok(left.every((gain) => gain === 1), "no pair is left that can be joined twice");
    }), { numRuns: 300 });
  });
  it("takes away as many tokens as it counted, and a smaller vocabulary is the beginning of a larger one", () => {
    fc.assert(fc.property(anyText, fc.integer({ min: 256, max: 280 }), (text, vocabSize) => {
      const merges = trainBpe(text, { vocabSize });
      assert.ok(merges.length <= vocabSize - 256);
      let tokens = bytesOf(text);
      for (const [step, { count, token }] of merges.entries()) {
        assert.equal(token, 256 + step);
        tokens -= count;
        assert.equal(new Bpe(merges.slice(0, step + 1)).encode(text).length, tokens, `after step ${step}`);
        assert.deepEqual(trainBpe(text, { vocabSize: 257 + step }), merges.slice(0, step + 1));
      }
    }), { numRuns: 300 });
  });
  it("refuses a vocabulary that has no room for the bytes", () => {
    for (const vocabSize of [0, 255, 256.5, Number.NaN]) assert.throws(() => trainBpe("a", { vocabSize }), /vocabSize is .*: give a whole number of at least 256/);
  });
});

describe("a byte-pair encoding", () => {
  it("brings back any text, whatever it was trained on", () => {
    fc.assert(fc.property(anyText, anyText, (training, text) => {
      const bpe = new Bpe(trainBpe(training, { vocabSize: 300 }));
      assert.equal(bpe.decode(bpe.encode(text)), text.toWellFormed());
      assert.equal(bpe.decode(bpe.encode(training)), training.toWellFormed());
      assert.ok(bpe.encode(text).length <= bytesOf(text));
    }), { numRuns: 500 });
  });
  it("gives the tokens of Hugging Face's tokenizers for the same merges", async (t) => {
    const folder = scratch(t);
    const bpe = new Bpe(trainBpe("the tasks of the team: list the open tasks, then close them. aaa aaa 12 tasks, 123 tasks ... é, é, 東京, 東京", { vocabSize: 300 }));
    assert.ok(bpe.merges.length > 15);
    writeTokenizerJson(join(folder, "tokenizer.json"), bpe);
    const theirs = await openTokenizer({ folder });
    fc.assert(fc.property(anyText, (text) => {
      assert.deepEqual(theirs.encode(text.toWellFormed()), bpe.encode(text));
    }), { numRuns: 200 });
  });
  it("shows a token's text, or its bytes where they make no whole character", () => {
    const bpe = new Bpe(trainBpe("é é é", { vocabSize: 300 }));
    assert.deepEqual(bpe.encode("é è").map((token) => bpe.piece(token)), ["é", " ", "<C3>", "<A8>"]);
    assert.throws(() => bpe.piece(999), /no token 999: this vocabulary has the tokens 0 to 257/);
    assert.throws(() => bpe.decode([-1]), RangeError);
  });
  it("refuses merges that stand in another order than they were learned", () => {
    const merges = trainBpe("low low low lower", { vocabSize: 259 });
    assert.throws(() => new Bpe(merges.toReversed()), /must stand in the order of their training/);
    assert.throws(() => new Bpe(merges.slice(1)), RangeError);
  });
});

describe("the pieces of a text", () => {
  it("of OpenAI's encodings are its tokens, and their bytes together are the text's", async () => {
    for (const encoding of ENCODINGS) {
      const tokenizer = await openTokenizer(encoding);
      fc.assert(fc.property(anyText, (text) => {
        const pieces = textPieces(text, { encoding });
        assert.deepEqual(pieces.map(({ token }) => token), tokenizer.encode(text));
        if (/<[0-9A-F]{2}>/.test(text)) return;
        const bytes = pieces.map(({ piece }) => /^(?:<[0-9A-F]{2}>)+$/.test(piece) ? Buffer.from(piece.replace(/[<>]/g, ""), "hex") : Buffer.from(piece));
        assert.equal(Buffer.concat(bytes).toString(), text.toWellFormed());
      }), { numRuns: 100 });
    }
  });
  it("read the spelling of a special token as text", () => {
    assert.deepEqual(textPieces("<|endoftext|>").map(({ piece }) => piece).join(""), "<|endoftext|>");
    assert.ok(textPieces("<|endoftext|>").length > 1);
  });
});

/** Every place where left and right stand side by side, joined from left to right. */
function joinAll([first, second, ...rest]: readonly number[], left: number, right: number, token: number): number[] {
  if (first === undefined) return [];
  if (second === undefined) return [first];
  return first === left && second === right ? [token, ...joinAll(rest, left, right, token)] : [first, ...joinAll([second, ...rest], left, right, token)];
}

/** The merges as Hugging Face writes a tokenizer of GPT-2's kind, which spells every byte as a visible character. */
function writeTokenizerJson(path: string, bpe: Bpe): void {
  let next = 256;
  const letters = Array.from({ length: 256 }, (_, byte) => {
    const visible = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(visible ? byte : next++);
  });
  const spellings = [...letters];
  for (const { left, right } of bpe.merges) spellings.push(`${spellings[left]}${spellings[right]}`);
  const split = String.raw` ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;
  writeFileSync(path, JSON.stringify({
    added_tokens: [], normalizer: null, post_processor: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [
      { type: "Split", pattern: { Regex: split }, behavior: "Isolated", invert: false },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    ] },
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE", vocab: Object.fromEntries(spellings.map((spelling, token) => [spelling, token])),
      merges: bpe.merges.map(({ left, right }) => [spellings[left], spellings[right]]),
    },
  }));
}
