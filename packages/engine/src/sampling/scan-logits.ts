import { EngineError } from '../engine-error.ts';

/** The largest logit. Throws `EngineError('model')` if one is not a finite number. */
export function scanLogits(logits: Float32Array): number {
  const { max, isFinite } = scan(logits);
  if (!isFinite) {
    throw new EngineError(
      'model',
      'The model returned logits that are not finite numbers; its weights are damaged or overflow at this precision.',
    );
  }
  return max;
}

/** The largest logit; excluded ones are minus infinity. */
export function maxOf(logits: Float32Array): number {
  return scan(logits).max;
}

/**
 * Four at a time, because each comparison and each sum depends on the one before it: 15 us instead
 * of 60 over 32,064 logits.
 */
function scan(logits: Float32Array): { max: number; isFinite: boolean } {
  let [max0, max1, max2, max3] = [NONE, NONE, NONE, NONE];
  // One value that is not finite makes the sum not finite, and single precision values cannot
  // overflow a double.
  let [sum0, sum1] = [0, 0];
  const fours = logits.length & ~3;
  for (let id = 0; id < fours; id += 4) {
    const logit0 = logits[id] ?? 0;
    const logit1 = logits[id + 1] ?? 0;
    const logit2 = logits[id + 2] ?? 0;
    const logit3 = logits[id + 3] ?? 0;
    if (logit0 > max0) max0 = logit0;
    if (logit1 > max1) max1 = logit1;
    if (logit2 > max2) max2 = logit2;
    if (logit3 > max3) max3 = logit3;
    sum0 += logit0 + logit1;
    sum1 += logit2 + logit3;
  }
  for (let id = fours; id < logits.length; id += 1) {
    const logit = logits[id] ?? 0;
    if (logit > max0) max0 = logit;
    sum0 += logit;
  }
  return { max: Math.max(max0, max1, max2, max3), isFinite: Number.isFinite(sum0 + sum1) };
}

const NONE = Number.NEGATIVE_INFINITY;
