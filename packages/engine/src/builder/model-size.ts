/** Everything that determines a built model, to the last bit. */
export type ModelSize = {
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  /** The number of query heads and of key-value heads, which is the same in Phi-3.5-mini. */
  heads: number;
  /** Rows of the logits; the tokenizer has fewer ids, as in the published model. */
  vocabularySize: number;
  precision: 'fp32' | 'fp16' | 'int4';
  /** Weights that share a scale at int4. */
  blockSize: number;
  /**
   * What int4 matrices multiply with: 0 is the activations themselves, 4 is their int8 rounding, as
   * published.
   */
  accuracyLevel: 0 | 4;
  /**
   * The form of int4 blocks in the graph: `rtn` is symmetric, as ONNX Runtime's own quantizer
   * writes them; `awq` has zero points and leaves the head to `rtn`, as the model builder does for
   * AWQ weights.
   */
  quantizer: 'rtn' | 'awq';
  /**
   * `cpu` and `cuda` rotate inside attention; `gpu` has a `position_ids` input. Caches and logits
   * are in half precision, except at fp32 and at int4 for the cpu.
   */
  variant: 'cpu' | 'cuda' | 'gpu';
  /** Beyond this many tokens LongRoPE uses its other table. */
  originalMaxPositions: number;
  maxPositions: number;
  seed: number;
  /**
   * How strongly an answer tends to end after a sentence. At 0.8 the tiny model's greedy answers do
   * not end and some sampled ones do; at 1.3 most end after a few sentences.
   */
  endWeight: number;
};

/** A few MB, built in well under a second: for tests, development and benchmarks. */
export const TINY_MODEL: ModelSize = {
  hiddenSize: 128,
  intermediateSize: 256,
  layers: 2,
  heads: 8,
  vocabularySize: 1088,
  precision: 'fp32',
  blockSize: 32,
  accuracyLevel: 4,
  quantizer: 'rtn',
  variant: 'cpu',
  originalMaxPositions: 4096,
  maxPositions: 8192,
  seed: 35,
  endWeight: 0.8,
};

/** Phi-3.5-mini's own size, 3.8B weights; about 2.8 GB at int4. The weights are still random. */
export const FULL_MODEL: ModelSize = {
  hiddenSize: 3072,
  intermediateSize: 8192,
  layers: 32,
  heads: 32,
  vocabularySize: 32064,
  precision: 'int4',
  blockSize: 32,
  accuracyLevel: 4,
  quantizer: 'rtn',
  variant: 'cpu',
  originalMaxPositions: 4096,
  maxPositions: 131072,
  seed: 35,
  endWeight: 0.8,
};

/** Throws with the field's name if the graph could not be built or run. */
export function checkModelSize(size: ModelSize): void {
  const counts = [
    'hiddenSize',
    'intermediateSize',
    'layers',
    'heads',
    'vocabularySize',
    'blockSize',
    'originalMaxPositions',
    'maxPositions',
  ] as const satisfies (keyof ModelSize)[];
  for (const field of counts) {
    if (!Number.isSafeInteger(size[field]) || size[field] < 1) {
      throw new RangeError(`${field} must be a whole number of 1 or more, not ${size[field]}.`);
    }
  }
  if (size.hiddenSize % (size.heads * 16) !== 0) {
    throw new RangeError(`hiddenSize must be a multiple of 16 x heads (${16 * size.heads}).`);
  }
  if (![16, 32, 64, 128, 256].includes(size.blockSize)) {
    throw new RangeError('blockSize must be 16, 32, 64, 128 or 256.');
  }
  if (size.maxPositions < size.originalMaxPositions) {
    throw new RangeError('maxPositions must not be below originalMaxPositions.');
  }
}

/** The width of one head of keys and of values. */
export function headSize(size: ModelSize): number {
  return size.hiddenSize / size.heads;
}

/** The element type of caches and logits. */
export function ioType(size: ModelSize): 'float32' | 'float16' {
  if (size.precision === 'fp32') return 'float32';
  return size.precision === 'fp16' || size.variant !== 'cpu' ? 'float16' : 'float32';
}
