import type { Runtime } from './runtime.ts';

const PROMPT_TOKENS = 5;
const STEPS = 2;
/** More rows use no other kernels. */
const ROWS_MAX = 2;
/** Only its magnitude matters. */
const DIGITS = 1;

/**
 * How far a logit moves because another answer is computed beside it, as seen in a few steps: 0 if
 * the kernels that the graph uses give each row the same, or if there is one slot. It takes about as
 * long as a dozen tokens. The slots are empty afterwards.
 */
export async function measureIsolation(
  runtime: Pick<Runtime, 'prefillChunk' | 'decode' | 'rewind' | 'slotClasses' | 'vocabularySize'>,
): Promise<number> {
  const [{ count, tokens }] = runtime.slotClasses;
  if (count < ROWS_MAX || tokens < PROMPT_TOKENS + STEPS) return 0;
  const idAt = (slot: number, at: number) => (3 + 37 * at + 11 * slot) % runtime.vocabularySize;
  const slots = Array.from({ length: ROWS_MAX }, (_, slot) => slot);
  const row = (slot: number, step: number) => {
    const length = PROMPT_TOKENS + step;
    return { slot, length, id: idAt(slot, length) };
  };
  const alone: Float32Array[] = [];
  for (const slot of slots) {
    const ids = Array.from({ length: PROMPT_TOKENS }, (_, at) => idAt(slot, at));
    await runtime.prefillChunk(slot, ids, 0);
  }
  for (let step = 0; step < STEPS; step += 1) {
    const [logits] = await runtime.decode([row(0, step)]);
    alone.push(Float32Array.from(logits ?? []));
  }
  runtime.rewind(0, PROMPT_TOKENS);
  let furthest = 0;
  for (const [step, expected] of alone.entries()) {
    const [logits] = await runtime.decode(slots.map((slot) => row(slot, step)));
    for (const [id, logit] of expected.entries()) {
      furthest = Math.max(furthest, Math.abs(logit - (logits?.[id] ?? 0)));
    }
  }
  for (const slot of slots) runtime.rewind(slot, 0);
  return Number(furthest.toPrecision(DIGITS));
}
