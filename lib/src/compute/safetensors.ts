/** Reads safetensors files: a length, a JSON header, then the tensors' bytes (https://huggingface.co/docs/safetensors). */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";
import { ComputeError } from "./error.js";
import { fromBfloat16, fromFloat16 } from "./quantize/half.js";

/** A tensor as it lies in a file, its values in fp32 in row order. */
export interface Tensor {
  name: string;
  /** Of a weight of a linear layer: outputs, inputs. */
  shape: readonly number[];
  /** The type that it has in the file, e.g. `F16`. */
  storedAs: keyof typeof TYPES;
  values: Float32Array;
}

/** Types that a model's weights have; each is exact in fp32. */
const TYPES = {
  F32: { bytes: 4, read: (raw: ArrayBuffer) => new Float32Array(raw) },
  F16: { bytes: 2, read: (raw: ArrayBuffer) => fromFloat16(new Uint16Array(raw)) },
  BF16: { bytes: 2, read: (raw: ArrayBuffer) => fromBfloat16(new Uint16Array(raw)) },
};

/** The format's own limit: a longer header is a broken file, and would fill the memory. */
const LONGEST_HEADER = 100_000_000;
const PREFIX_BYTES = 8;

const Entry = z.object({ dtype: z.string(), shape: z.array(z.int().nonnegative()), data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]) });
type Entry = z.output<typeof Entry>;

/** A safetensors file, with its header read. Tensors are read when they are asked for. */
export class Safetensors {
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #dataStart: number;

  /** @throws ComputeError for a file that is cut or no safetensors file; Error of the system for one that cannot be opened */
  constructor(readonly path: string) {
    const { header, dataStart, size } = readHeader(path);
    this.#dataStart = dataStart;
    const named = Object.entries(header).filter(([name]) => name !== "__metadata__");
    this.#entries = new Map(named.map(([name, given]) => {
      const entry = Entry.safeParse(given);
      if (!entry.success) throw new ComputeError("safetensors", `${path}: the header's entry for ${name} is damaged`);
      const [begin, end] = entry.data.data_offsets;
      if (begin > end || dataStart + end > size) throw new ComputeError("safetensors", `${path} is cut: ${name} would end at byte ${dataStart + end}, and the file has ${size}; bring it again`);
      return [name, entry.data];
    }));
  }

  /** In the header's order. */
  get names(): string[] {
    return [...this.#entries.keys()];
  }

  /** The shape of each tensor, without reading any. */
  get shapes(): Record<string, readonly number[]> {
    return Object.fromEntries([...this.#entries].map(([name, { shape }]) => [name, shape]));
  }

  /** @throws ComputeError for a name that is not there, a type that is not read here, or bytes that do not fit the shape */
  read(name: string): Tensor {
    const entry = this.#entries.get(name);
    if (!entry) throw new ComputeError("safetensors", `${this.path} has no tensor "${name}"; there are ${this.names.slice(0, 5).join(", ")}${this.names.length > 5 ? ", …" : ""}`);
    if (!isKnown(entry.dtype)) throw new ComputeError("safetensors", `${this.path}: ${name} is of type ${entry.dtype}; read here are ${Object.keys(TYPES).join(", ")}`);
    const [begin, end] = entry.data_offsets, count = entry.shape.reduce((product, size) => product * size, 1);
    const type = TYPES[entry.dtype];
    if (end - begin !== count * type.bytes) throw new ComputeError("safetensors", `${this.path}: ${name} has ${end - begin} bytes, and ${entry.shape.join(" × ")} in ${entry.dtype} takes ${count * type.bytes}`);
    const bytes = readAt(this.path, this.#dataStart + begin, end - begin);
    return { name, shape: entry.shape, storedAs: entry.dtype, values: type.read(bytes.buffer) };
  }
}

const isKnown = (type: string): type is keyof typeof TYPES => Object.hasOwn(TYPES, type);

function readHeader(path: string): { header: Record<string, unknown>; dataStart: number; size: number } {
  const wrong = (why: string, cause?: unknown): ComputeError => new ComputeError("safetensors", `${path} is no safetensors file: ${why}`, { cause });
  const size = sizeOf(path);
  if (size < PREFIX_BYTES) throw wrong(`it has ${size} bytes`);
  const length = new DataView(readAt(path, 0, PREFIX_BYTES).buffer).getBigUint64(0, true);
  if (length > LONGEST_HEADER || Number(length) > size - PREFIX_BYTES) throw wrong(`its header would have ${length} bytes`);
  const text = new TextDecoder().decode(readAt(path, PREFIX_BYTES, Number(length)));
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw wrong("its header is no JSON", error);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) throw wrong("its header is no object");
  return { header: header as Record<string, unknown>, dataStart: PREFIX_BYTES + Number(length), size };
}

function sizeOf(path: string): number {
  const file = openSync(path, "r");
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

/** In a buffer of its own, so that a view of any type may lie over it. */
function readAt(path: string, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length), file = openSync(path, "r");
  try {
    let done = 0;
    while (done < length) {
      const got = readSync(file, bytes, done, length - done, offset + done);
      if (got === 0) throw new ComputeError("safetensors", `${path} ended at byte ${offset + done} while it was read`);
      done += got;
    }
  } finally {
    closeSync(file);
  }
  return bytes;
}
