/** Fewer are no chunk. */
export const CHUNK_TOKENS_MIN = 2;

/**
 * How many of `missing` tokens to read at once where `most` are allowed. A prompt is never read one
 * token at a time, unless that is all of it: such a run rounds otherwise, and what a prompt comes
 * out as must not depend on how the turns happened to divide it. Chunks of 2 to 512 tokens, and
 * batches of 1 to 8 rows, agree to the last bit (ONNX Runtime 1.30, CPU, each precision).
 */
export function chunkTokens(missing: number, most: number): number {
  if (missing <= most) return missing;
  const leftOver = missing - most;
  const tokens = leftOver < CHUNK_TOKENS_MIN ? most - (CHUNK_TOKENS_MIN - leftOver) : most;
  return tokens < CHUNK_TOKENS_MIN ? 0 : tokens;
}
