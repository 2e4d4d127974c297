/** Bytes that are gathered and then taken at once, in memory of their own: it can be handed to another thread. */
export class ByteBatch {
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.#length);
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
