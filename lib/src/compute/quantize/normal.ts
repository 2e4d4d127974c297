/** The normal distribution, as far as quantisation needs it, and repeatable samples to try a type on. */

// Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 37(3), 1988,
// routine PPND16: about 16 correct digits. Highest power first.
const CENTRE = {
  above: [2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.387132872796366608],
  below: [5.226495278852854561e3, 2.8729085735721942674e4, 3.930789580009271061e4, 2.1213794301586595867e4, 5.3941960214247511077e3, 6.871870074920579083e2, 4.2313330701600911252e1, 1],
};
const TAIL = {
  above: [7.7454501427834140764e-4, 0.0227238449892691845833, 0.241780725177450611770, 1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734],
  below: [1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.148103976427480074590, 0.689767334985100004550, 1.67638483018380384940, 2.05319162663775882187, 1],
};
const FAR_TAIL = {
  above: [2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 0.0265321895265761230930, 0.296560571828504891230, 1.78482653991729133580, 5.46378491116411436990, 6.65790464350110377720],
  below: [2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4, 0.0148753612908506148525, 0.136929880922735805310, 0.599832206555887937690, 1],
};

const polynomial = (coefficients: readonly number[], x: number): number => coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
const ratio = ({ above, below }: typeof CENTRE, x: number): number => polynomial(above, x) / polynomial(below, x);

/**
 * The value below which a share `p` of a standard normal distribution lies (SciPy: `norm.ppf`).
 *
 * @throws RangeError when p is not between 0 and 1
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a quantile is asked for a share between 0 and 1, not ${p}`);
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const quantile = r <= 5 ? ratio(TAIL, r - 1.6) : ratio(FAR_TAIL, r - 5);
  return q < 0 ? -quantile : quantile;
}

export interface SampleOptions {
  /** The same seed gives the same numbers. */
  seed: number;
  /** Every number is multiplied by it; for a normal sample, its standard deviation (default 1). */
  scale?: number;
}

/** Numbers drawn from a normal distribution with mean 0. */
export function normalSample(length: number, { seed, scale = 1 }: SampleOptions): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length }, () => scale * normalQuantile(next()));
}

/**
 * Numbers drawn from Student's t distribution with two degrees of freedom: most are small, a few are very large (its
 * variance is infinite). The quantile has a closed form, (2p − 1) / √(2p(1 − p)).
 */
export function heavyTailedSample(length: number, { seed, scale = 1 }: SampleOptions): Float32Array {
  const next = uniform(seed);
  return Float32Array.from({ length }, () => {
    const p = next();
    return (scale * (2 * p - 1)) / Math.sqrt(2 * p * (1 - p));
  });
}

/** Shares strictly between 0 and 1: the middles of 2³² equal steps, chosen by Weyl's sequence and a 32-bit mixer. */
export function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    // The finaliser of MurmurHash3 (Appleby, public domain).
    let x = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (((x ^ (x >>> 16)) >>> 0) + 0.5) / 2 ** 32;
  };
}
