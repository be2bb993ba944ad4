/** A single token is not a chunk. */
export const CHUNK_TOKENS_MIN = 2;

/**
 * How many of `missing` tokens to read at once if `most` are allowed. A prompt of several tokens is
 * never read one token at a time: such a run rounds differently, and the result must not depend on
 * how the turns happened to divide the prompt. Chunks of 2 to 512 tokens, and batches of 1 to 8
 * rows, agree to the last bit (ONNX Runtime 1.30, CPU, each precision).
 */
export function chunkTokens(missing: number, most: number): number {
  if (missing <= most) return missing;
  const leftOver = missing - most;
  const tokens = leftOver < CHUNK_TOKENS_MIN ? most - (CHUNK_TOKENS_MIN - leftOver) : most;
  return tokens < CHUNK_TOKENS_MIN ? 0 : tokens;
}
