/** A batch's first memory where nothing better is known; it doubles as it fills. */
const FIRST_BYTES = 64 * 1024;

/**
 * Bytes that are gathered and then taken at once, in memory of their own: it can be handed to another thread. Memory moves
 * as it grows and when it is taken, so that no copies wait for the garbage collector, which counts little of them.
 */
export class ByteBatch {
  #bytes = Buffer.from(new ArrayBuffer(0));
  #length = 0;
  readonly #first: number;

  /** @param first - bytes that will be enough for most: each time that they are not, all are copied */
  constructor(first = FIRST_BYTES) {
    this.#first = first;
  }

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
      this.#bytes = Buffer.from(this.#bytes.buffer.transfer(Math.max(this.#length, 2 * this.#bytes.length, this.#first)));
    }
    return this.#bytes.subarray(start, this.#length);
  }

  take(): Uint8Array<ArrayBuffer> {
    const { buffer } = this.#bytes;
    // Half of it empty is too much to be kept; otherwise a copy would cost more than the room.
    const bytes = new Uint8Array(buffer.byteLength > 2 * this.#length ? buffer.transfer(this.#length) : buffer, 0, this.#length);
    this.#bytes = Buffer.from(new ArrayBuffer(0));
    this.#length = 0;
    return bytes;
  }
}

/** The same for numbers of four bytes. */
export class NumberBatch {
  readonly #bytes: ByteBatch;

  constructor(firstBytes = FIRST_BYTES) {
    this.#bytes = new ByteBatch(firstBytes);
  }

  /** How many numbers there are. */
  get length(): number {
    return this.#bytes.length / 4;
  }

  add(numbers: Uint32Array): void {
    this.#bytes.add(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  }

  take(): Uint32Array {
    const { buffer, byteLength } = this.#bytes.take();
    return new Uint32Array(buffer, 0, byteLength / 4);
  }
}

/**
 * Gives the memory of batches back at once. Left to the garbage collector, what lies outside its heap grows to tens of
 * megabytes before it looks. Each view must be the only user of its memory, and is empty afterwards.
 */
export function release(...views: readonly { buffer: ArrayBufferLike }[]): void {
  for (const { buffer } of views) if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
