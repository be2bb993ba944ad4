import type { ContextLengths, LengthSources } from './model-family.ts';
import { statedContextLength } from './stated-context-length.ts';

/**
 * One rope table covers every position, so a short slot could have any length. This is what its
 * cache is planned for; longer sequences take the long slot.
 */
const SHORT_CONTEXT_MAX = 4096;

/** Scaling such as Llama 3's is part of the table and changes no length. */
export function singleTableLengths(sources: LengthSources): ContextLengths {
  const contextLength = statedContextLength(sources);
  return { shortContextLength: Math.min(SHORT_CONTEXT_MAX, contextLength), contextLength };
}
