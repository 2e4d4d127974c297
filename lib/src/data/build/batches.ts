/** A batch's first memory; it doubles as it fills. */
const FIRST_BYTES = 64 * 1024;

/**
 * Bytes that are gathered and then taken at once, in memory of their own: it can be handed to another thread. Memory moves
 * as it grows and when it is taken, so that no copies wait for the garbage collector, which counts little of them.
 */
export class ByteBatch {
  #bytes = Buffer.from(new ArrayBuffer(0));
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    this.room(bytes.length).set(bytes);
  }

  /** The next bytes, to be filled by the caller before the next call. */
  room(length: number): Buffer {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      this.#bytes = Buffer.from(this.#bytes.buffer.transfer(Math.max(this.#length, 2 * this.#bytes.length, FIRST_BYTES)));
    }
    return this.#bytes.subarray(start, this.#length);
  }

  take(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#bytes.buffer.transfer(this.#length));
    this.#bytes = Buffer.from(new ArrayBuffer(0));
    this.#length = 0;
    return bytes;
  }
}

/** The same for numbers of four bytes. */
export class NumberBatch {
  readonly #bytes = new ByteBatch();

  /** How many numbers there are. */
  get length(): number {
    return this.#bytes.length / 4;
  }

  add(numbers: Uint32Array): void {
    this.#bytes.add(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }

  take(): Uint32Array {
    return new Uint32Array(this.#bytes.take().buffer);
  }
}

/**
 * Gives the memory of batches back at once. Left to the garbage collector, what lies outside its heap grows to tens of
 * megabytes before it looks. Each view must be the only user of its memory, and is empty afterwards.
 */
export function release(...views: readonly { buffer: ArrayBufferLike }[]): void {
  for (const { buffer } of views) if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
