import { EngineError } from '../engine-error.ts';

/** Refuses a `tokenizer.json` as damaged, or as one that the engine would not follow exactly. */
export function must(isTrue: boolean, problem: string): asserts isTrue {
  if (isTrue) return;
  throw new EngineError(
    'model',
    `tokenizer.json: ${problem}. Copy the model folder again, complete and unchanged; a tokenizer of another kind is not supported.`,
  );
}

/** The object itself: a vocabulary of 200,000 tokens takes a second to copy. */
export function asRecord(json: unknown, field: string): Record<string, unknown> {
  must(isRecord(json), `${field} must be an object`);
  return json;
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
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
