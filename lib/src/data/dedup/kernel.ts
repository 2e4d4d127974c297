import { MINHASH_WASM } from "./minhash.wasm.js";

/** How signatures are computed: by WebAssembly with SIMD, or in JavaScript. Both give the same bits. */
export const KERNELS = ["wasm", "js"] as const;
export type Kernel = (typeof KERNELS)[number];

/** Takes the factors and offsets of a signature's permutations; folds sets into signatures. */
export interface SignatureKernel {
  readonly name: Kernel;
  /** Fills `signature`; of an empty set, with the maximum. */
  sign(set: Uint32Array, signature: Int32Array): void;
}

/** Signed minimum: any fixed order of the 32-bit numbers will do, and V8 keeps int32 in registers. */
const MAXIMUM = 0x7fffffff;

/** One value after another. */
class JsKernel implements SignatureKernel {
  readonly name = "js";
  readonly #factors: Int32Array;
  readonly #offsets: Int32Array;

  constructor(factors: Int32Array, offsets: Int32Array) {
    this.#factors = factors;
    this.#offsets = offsets;
  }

  sign(set: Uint32Array, signature: Int32Array): void {
    for (let k = 0; k < this.#factors.length; k++) {
      const factor = this.#factors[k] as number;
      const offset = this.#offsets[k] as number;
      let least = MAXIMUM;
      for (let i = 0; i < set.length; i++) {
        const value = (Math.imul(set[i] as number, factor) + offset) | 0;
        if (value < least) least = value;
      }
      signature[k] = least;
    }
  }
}

// TypeScript declares WebAssembly with the browser's globals, which a library for Node does not have.
interface Instance {
  exports: {
    memory: { buffer: ArrayBuffer; grow(pages: number): number };
    fold: (bytes: number, start: number, end: number) => void;
  };
}
interface Engine {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => Instance;
}

const PAGE = 65536;
/** Values that the kernel takes together. */
const GROUP = 16;
/** Shingles given at a time; longer sets go in pieces, so that the memory is of one size. */
const PIECE = 4096;

let compiled: { engine: Engine; module: object } | undefined | null = null;

/** The compiled module; undefined where there is no WebAssembly (`--jitless`), or no SIMD in it. */
function wasmModule(): { engine: Engine; module: object } | undefined {
  if (compiled !== null) return compiled;
  const engine = (globalThis as { WebAssembly?: Engine }).WebAssembly;
  compiled = engine?.validate(MINHASH_WASM) ? { engine, module: new engine.Module(MINHASH_WASM) } : undefined;
  return compiled;
}

/** The kernel of minhash.wat. Memory: 64 KiB for up to 3,072 values. */
class WasmKernel implements SignatureKernel {
  readonly name = "wasm";
  readonly #fold: Instance["exports"]["fold"];
  readonly #bytes: number;
  readonly #start: number;
  readonly #minima: Int32Array;
  readonly #shingles: Uint32Array;

  constructor({ engine, module }: { engine: Engine; module: object }, factors: Int32Array, offsets: Int32Array) {
    const { memory, fold } = new engine.Instance(module).exports;
    const padded = Math.ceil(factors.length / GROUP) * GROUP;
    this.#fold = fold;
    this.#bytes = padded * 4;
    this.#start = this.#bytes * 3;
    const pages = Math.ceil((this.#start + PIECE * 4) / PAGE);
    if (pages > 1) memory.grow(pages - 1);
    new Int32Array(memory.buffer, 0, padded).set(factors);
    new Int32Array(memory.buffer, this.#bytes, padded).set(offsets);
    this.#minima = new Int32Array(memory.buffer, this.#bytes * 2, factors.length);
    this.#shingles = new Uint32Array(memory.buffer, this.#start, PIECE);
  }

  sign(set: Uint32Array, signature: Int32Array): void {
    this.#minima.fill(MAXIMUM);
    for (let from = 0; from < set.length; from += PIECE) {
      const piece = set.length <= PIECE ? set : set.subarray(from, from + PIECE);
      this.#shingles.set(piece);
      this.#fold(this.#bytes, this.#start, this.#start + piece.length * 4);
    }
    signature.set(this.#minima);
  }
}

/**
 * The kernel for these permutations: WebAssembly where it has SIMD, else JavaScript.
 *
 * @param wanted - a kernel by name; default: the environment variable `LLMOPS_MINHASH`, or the best there is
 * @throws RangeError for a name that is no kernel, and for `wasm` where there is none with SIMD
 */
export function signatureKernel(factors: Int32Array, offsets: Int32Array, wanted?: Kernel): SignatureKernel {
  const name = wanted ?? process.env["LLMOPS_MINHASH"];
  if (name !== undefined && name !== "" && !KERNELS.includes(name as Kernel)) {
    throw new RangeError(`unknown MinHash kernel "${name}": use ${KERNELS.join(" or ")}, or leave LLMOPS_MINHASH unset`);
  }
  const module = name === "js" ? undefined : wasmModule();
  if (module) return new WasmKernel(module, factors, offsets);
  if (name === "wasm") throw new RangeError('this Node has no WebAssembly with SIMD: use the "js" kernel, which gives the same signatures');
  return new JsKernel(factors, offsets);
}
