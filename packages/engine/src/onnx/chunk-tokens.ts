/** A single token is not a chunk. */
export const CHUNK_TOKENS_MIN = 2;

/** The most tokens of a chunk that begins at `start`: the distance of the places to cut at. */
export type ChunkDistance = (start: number) => number;

/**
 * How many tokens to read at once of a prompt that ends at `end` and is read up to `start`. Chunks of
 * different lengths round differently, so prompts are cut at fixed places: what a chunk holds follows
 * from the prompt alone, and not from how much time a turn had or how much was read before. A prompt
 * of several tokens is never read one token at a time.
 */
export function chunkTokens(start: number, end: number, distance: ChunkDistance): number {
  const cut = cutAfter(start, distance);
  if (cut >= end || end - start <= CHUNK_TOKENS_MIN) return end - start;
  // The place moves rather than leave a single token.
  return (end - cut < CHUNK_TOKENS_MIN ? end - CHUNK_TOKENS_MIN : cut) - start;
}

/**
 * How many of the first `common` tokens of a prompt, which was read up to `end`, another prompt may
 * use as if it had read them itself: up to the last place where both are cut.
 */
export function reusableTokens(common: number, end: number, distance: ChunkDistance): number {
  let tokens = 0;
  for (;;) {
    const cut = cutAfter(tokens, distance);
    const isCut = cut === end || end - cut >= CHUNK_TOKENS_MIN;
    if (cut > common || !isCut) return tokens;
    tokens = cut;
  }
}

function cutAfter(start: number, distance: ChunkDistance): number {
  const tokens = distance(start);
  return (Math.floor(start / tokens) + 1) * tokens;
}
