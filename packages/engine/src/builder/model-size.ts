/** What decides a built model, to the last bit. */
export type ModelSize = {
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  /** Query heads and key-value heads alike, as in Phi-3.5-mini. */
  heads: number;
  /** Rows of the logits; the tokenizer has fewer, as the published one. */
  vocabularySize: number;
  precision: 'fp32' | 'fp16' | 'int4';
  /** Weights that share a scale at int4. */
  blockSize: number;
  /** What int4 matrices compute with: 0 is the activations as they are, 4 is their int8 rounding, as published. */
  accuracyLevel: 0 | 4;
  /**
   * How int4 blocks stand in the graph: `rtn` as ONNX Runtime's own quantizer writes them, symmetric;
   * `awq` as the model builder does from AWQ weights, with zero points, the head left to `rtn`.
   */
  quantizer: 'rtn' | 'awq';
  /**
   * `cpu` and `cuda`: rotary inside attention. `gpu`: a `position_ids` input. All but fp32, and int4
   * for the cpu, have half-precision caches and logits.
   */
  variant: 'cpu' | 'cuda' | 'gpu';
  /** Beyond this many tokens LongRoPE changes tables; the loader ends the context here. */
  originalMaxPositions: number;
  maxPositions: number;
  seed: number;
  /**
   * How strongly an answer tends to end after a sentence. At 0.8 greedy answers of the tiny model go
   * on and some sampled ones end; at 1.3 most end after a few sentences.
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

/** Phi-3.5-mini's own size, 3.8B weights; at int4 about 2.8 GB. The weights are still random. */
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

/** Throws with the field's name where the graph could not be built or run. */
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

/** Values of one head, of keys as of values. */
export function headSize(size: ModelSize): number {
  return size.hiddenSize / size.heads;
}

/** The element type of caches and logits. */
export function ioType(size: ModelSize): 'float32' | 'float16' {
  if (size.precision === 'fp32') return 'float32';
  return size.precision === 'fp16' || size.variant !== 'cpu' ? 'float16' : 'float32';
}
