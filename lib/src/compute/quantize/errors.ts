/** What a type loses, measured on the numbers themselves. */

export interface QuantizationError {
  /** Largest difference, in the unit of the values. */
  max: number;
  /** Root of the mean squared difference. */
  rmse: number;
  /** Ten times the decimal logarithm of signal power over error power; 6 dB are about one bit. Infinity where nothing is lost. */
  snrDb: number;
}

/** @throws RangeError when the two do not have as many values */
export function quantizationError(values: Float32Array, restored: Float32Array): QuantizationError {
  if (values.length !== restored.length || values.length === 0) {
    throw new RangeError(`${values.length} values cannot be compared with ${restored.length}`);
  }
  let [max, signal, noise] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const [value, difference] = [values[i] as number, (restored[i] as number) - (values[i] as number)];
    max = Math.max(max, Math.abs(difference));
    signal += value * value;
    noise += difference * difference;
  }
  return { max, rmse: Math.sqrt(noise / values.length), snrDb: noise === 0 ? Infinity : 10 * Math.log10(signal / noise) };
}
