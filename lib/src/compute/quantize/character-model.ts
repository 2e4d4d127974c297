/**
 * A language model small enough to be trained while you wait: what real weights look like, and what a type costs in the
 * only unit that counts, the loss of the model. Like a large one it has an embedding, a linear layer and a head; it has
 * one layer, no attention, and reads eight characters back (after Bengio et al., "A Neural Probabilistic Language
 * Model", 2003). It is no substitute for measuring a large model: its matrices are small and trained for seconds.
 */
import { uniform, normalQuantile } from "./normal.js";

const CONTEXT = 8;
const WIDTH = 32;
const HIDDEN = 128;

export interface CharacterModel {
  /** Characters by their number; the last stands for every character that training did not see. */
  readonly alphabet: readonly string[];
  /** One row of 32 a character. */
  readonly embedding: Float32Array;
  /** 128 rows of 256: what the eight embeddings before a character add to each hidden unit. The bias stays in fp32. */
  readonly linear: Float32Array;
  readonly bias: Float32Array;
  /** One row of 128 a character. */
  readonly head: Float32Array;
}

/** Columns of `linear`: eight embeddings of 32. */
export const LINEAR_COLUMNS = CONTEXT * WIDTH;

export interface TrainingOptions {
  seed: number;
  /** Characters to learn from, one after the other (default 40,000: three to five seconds). */
  steps?: number;
  /** Length of the first step against the gradient (default 0.1); it falls to a tenth. */
  learningRate?: number;
}

/** @throws RangeError when the text is shorter than a context and a character */
export function trainCharacterModel(text: string, { seed, steps = 40_000, learningRate = 0.1 }: TrainingOptions): CharacterModel {
  const characters = Array.from(text);
  if (characters.length <= CONTEXT) throw new RangeError(`a text of ${characters.length} characters is too short to learn from`);
  const alphabet = [...new Set(characters)].sort().concat("\uFFFD");
  const codes = encode(alphabet, characters);
  const next = uniform(seed);
  const matrix = (rows: number, columns: number): Float32Array => Float32Array.from({ length: rows * columns }, () => normalQuantile(next()) / Math.sqrt(columns));
  const model = {
    alphabet, embedding: matrix(alphabet.length, WIDTH), linear: matrix(HIDDEN, LINEAR_COLUMNS), bias: new Float32Array(HIDDEN), head: matrix(alphabet.length, HIDDEN),
  };
  const run = new Run(model);
  for (let step = 0; step < steps; step++) {
    const rate = learningRate * (1 - (0.9 * step) / steps);
    run.learn(codes, CONTEXT + Math.floor(next() * (codes.length - CONTEXT)), rate);
  }
  return model;
}

/** Mean loss of a text in bits a character: how many yes-or-no answers the model lacks to the next character. */
export function bitsPerCharacter(model: CharacterModel, text: string): number {
  const codes = encode(model.alphabet, Array.from(text));
  if (codes.length <= CONTEXT) throw new RangeError(`a text of ${codes.length} characters is too short to be measured`);
  const run = new Run(model);
  let loss = 0;
  for (let at = CONTEXT; at < codes.length; at++) loss += run.predict(codes, at);
  return loss / (codes.length - CONTEXT) / Math.LN2;
}

function encode(alphabet: readonly string[], characters: readonly string[]): Uint16Array {
  const numbers = new Map(alphabet.map((character, number) => [character, number]));
  return Uint16Array.from(characters, (character) => numbers.get(character) ?? alphabet.length - 1);
}

/** One model with room for what is computed on the way. */
class Run {
  readonly #model: CharacterModel;
  readonly #input = new Float32Array(LINEAR_COLUMNS);
  readonly #hidden = new Float32Array(HIDDEN);
  readonly #shares: Float32Array;
  readonly #toInput = new Float32Array(LINEAR_COLUMNS);
  readonly #toHidden = new Float32Array(HIDDEN);

  constructor(model: CharacterModel) {
    this.#model = model;
    this.#shares = new Float32Array(model.alphabet.length);
  }

  /** The loss, in nats, of the character at a place, given the eight before it. */
  predict(codes: Uint16Array, at: number): number {
    const { embedding, linear, bias, head } = this.#model;
    const [input, hidden, shares] = [this.#input, this.#hidden, this.#shares];
    for (let k = 0; k < CONTEXT; k++) {
      const from = (codes[at - CONTEXT + k] as number) * WIDTH;
      for (let j = 0; j < WIDTH; j++) input[k * WIDTH + j] = embedding[from + j] as number;
    }
    for (let unit = 0; unit < HIDDEN; unit++) {
      let sum = bias[unit] as number;
      const row = unit * LINEAR_COLUMNS;
      for (let j = 0; j < LINEAR_COLUMNS; j++) sum += (linear[row + j] as number) * (input[j] as number);
      hidden[unit] = Math.tanh(sum);
    }
    let largest = -Infinity;
    for (let character = 0; character < shares.length; character++) {
      let sum = 0;
      const row = character * HIDDEN;
      for (let j = 0; j < HIDDEN; j++) sum += (head[row + j] as number) * (hidden[j] as number);
      shares[character] = sum;
      if (sum > largest) largest = sum;
    }
    let total = 0;
    for (let character = 0; character < shares.length; character++) total += shares[character] = Math.exp((shares[character] as number) - largest);
    for (let character = 0; character < shares.length; character++) shares[character] = (shares[character] as number) / total;
    return -Math.log(Math.max(shares[codes[at] as number] as number, 1e-30));
  }

  /** One step against the gradient of that loss. */
  learn(codes: Uint16Array, at: number, rate: number): void {
    this.predict(codes, at);
    const { embedding, linear, bias, head } = this.#model;
    const [input, hidden, shares, toInput, toHidden] = [this.#input, this.#hidden, this.#shares, this.#toInput, this.#toHidden];
    const truth = codes[at] as number;
    shares[truth] = (shares[truth] as number) - 1;
    toHidden.fill(0);
    for (let character = 0; character < shares.length; character++) {
      const error = shares[character] as number;
      const row = character * HIDDEN;
      for (let j = 0; j < HIDDEN; j++) {
        const weight = head[row + j] as number;
        toHidden[j] = (toHidden[j] as number) + error * weight;
        head[row + j] = weight - rate * error * (hidden[j] as number);
      }
    }
    toInput.fill(0);
    for (let unit = 0; unit < HIDDEN; unit++) {
      const value = hidden[unit] as number;
      const error = (toHidden[unit] as number) * (1 - value * value);
      bias[unit] = (bias[unit] as number) - rate * error;
      const row = unit * LINEAR_COLUMNS;
      for (let j = 0; j < LINEAR_COLUMNS; j++) {
        const weight = linear[row + j] as number;
        toInput[j] = (toInput[j] as number) + error * weight;
        linear[row + j] = weight - rate * error * (input[j] as number);
      }
    }
    for (let k = 0; k < CONTEXT; k++) {
      const from = (codes[at - CONTEXT + k] as number) * WIDTH;
      for (let j = 0; j < WIDTH; j++) embedding[from + j] = (embedding[from + j] as number) - rate * (toInput[k * WIDTH + j] as number);
    }
  }
}
