/** Weights in blocks: a weight is `(code - zero) * scale + min` of its block, in float32. */
export type Codes = {
  /** One byte for each weight, in order. */
  codes: Uint8Array<ArrayBuffer>;
  /** Every code is below 2 to this. */
  bits: 4 | 5 | 6 | 8;
  zero: number;
  /** Weights that share a scale. */
  blockSize: number;
  scales: Float32Array;
  /** Only of types whose blocks do not begin at a multiple of their scale. */
  mins?: Float32Array;
};
