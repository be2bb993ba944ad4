import { EngineError } from '../engine-error.ts';

/** Refuses a `tokenizer.json` as damaged, or as one that the engine would not follow exactly. */
export function must(isTrue: boolean, problem: string): asserts isTrue {
  if (isTrue) return;
  throw new EngineError(
    'model',
    `tokenizer.json: ${problem}. Copy the model folder again, complete and unchanged; a tokenizer of another kind is not supported.`,
  );
}

export function asRecord(json: unknown, field: string): Record<string, unknown> {
  must(
    typeof json === 'object' && json !== null && !Array.isArray(json),
    `${field} must be an object`,
  );
  return Object.fromEntries(Object.entries(json));
}

/** The members of a Sequence, or the step itself; none for null. */
export function stepsOf(json: unknown, field: string, list: string): Record<string, unknown>[] {
  if (json === null || json === undefined) return [];
  const step = asRecord(json, field);
  if (step['type'] !== 'Sequence') return [step];
  const steps = step[list];
  must(Array.isArray(steps), `${field}.${list} must be a list`);
  return steps.flatMap((inner: unknown) => stepsOf(inner, field, list));
}
