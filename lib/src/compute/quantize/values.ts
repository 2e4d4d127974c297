/** What every type asks of the numbers it is given. */

/** @throws RangeError naming the first value that is not finite */
export function assertFinite(values: Float32Array): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new RangeError(`value ${i} is ${values[i] as number}; quantisation needs finite numbers: find where it came from`);
  }
}

/** @throws RangeError when the values are not whole rows */
export function rowsOf(values: ArrayLike<number>, columns: number): number {
  if (values.length === 0) throw new RangeError("there are no values to quantise");
  if (!Number.isInteger(columns) || columns < 1 || values.length % columns !== 0) {
    throw new RangeError(`${values.length} values are not rows of ${columns} columns`);
  }
  return values.length / columns;
}

/** @throws RangeError when a block does not have 2 or more values, whole */
export function assertBlockSize(blockSize: number): void {
  if (!Number.isInteger(blockSize) || blockSize < 2 || blockSize % 2 !== 0) {
    throw new RangeError(`a block has an even number of values, two or more, not ${blockSize}; bitsandbytes takes 64`);
  }
}

export function absmaxOf(values: Float32Array, start: number, end: number): number {
  let absmax = 0;
  for (let i = start; i < end; i++) {
    const size = Math.abs(values[i] as number);
    if (size > absmax) absmax = size;
  }
  return absmax;
}
