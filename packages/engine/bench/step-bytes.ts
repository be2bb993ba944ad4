import type { ModelSize } from '../src/builder/model-size.ts';

/**
 * What a decode step must read at least: every matrix once, and the cache of `context` tokens of
 * each sequence.
 */
export function stepBytes(size: ModelSize, step: { batch: number; context: number }): number {
  const { hiddenSize: hidden, intermediateSize: wide, layers, vocabularySize } = size;
  const elementBytes = size.precision === 'fp32' || isCpuInt4(size) ? 4 : 2;
  const weightBytes =
    size.precision === 'int4' ? 0.5 + elementBytes / size.blockSize : elementBytes;
  const weights = layers * (4 * hidden ** 2 + 3 * hidden * wide) + vocabularySize * hidden;
  const cacheBytesPerToken = 2 * layers * hidden * elementBytes;
  return weights * weightBytes + step.batch * step.context * cacheBytesPerToken;
}

/** Scales and caches of the CPU build are float32. */
function isCpuInt4(size: ModelSize): boolean {
  return size.precision === 'int4' && size.variant === 'cpu';
}
