import type { Runtime } from '../runtime.ts';

/** Chunks up to this long use other kernels than longer ones. */
export const SOUND_CHUNK_TOKENS = 16;
const PROMPT_TOKENS = 64;
/**
 * Rounding changes a long chunk's logits as much as it changes single tokens'; a broken kernel, at
 * least six times as much.
 */
const NOISE_TIMES_MAX = 4;
/** A share of the logits' own spread: anything less is rounding, whatever its source. */
const SHARE_MIN = 0.002;

/**
 * Whether a long chunk gives the same results as short ones and single tokens. This fails on some
 * devices: the WebGPU provider of ONNX Runtime 1.30 computes chunks of 32 tokens and more wrong on
 * Mesa's software Vulkan, by 0.3 of a logit on a tiny model, without an error.
 */
export async function areChunksSound(
  runtime: Pick<
    Runtime,
    'prefillChunk' | 'decode' | 'rewind' | 'chunkTokensMax' | 'slotClasses' | 'vocabularySize'
  >,
): Promise<boolean> {
  const [{ tokens: room }] = runtime.slotClasses;
  const length = Math.min(PROMPT_TOKENS, room, runtime.chunkTokensMax(0));
  if (length <= SOUND_CHUNK_TOKENS) return true;
  // A device may read beyond its memory for an id that the model does not have.
  const ids = Array.from({ length }, (_, at) => (3 + at * 37) % runtime.vocabularySize);
  const read = async (tokens: number) => {
    runtime.rewind(0, 0);
    let logits = new Float32Array();
    for (let start = 0; start < ids.length; start += tokens) {
      const chunk = ids.slice(start, start + tokens);
      const [id = 0] = chunk;
      const row = tokens === 1 ? await runtime.decode([{ slot: 0, id, length: start }]) : undefined;
      logits = Float32Array.from(row?.[0] ?? (await runtime.prefillChunk(0, chunk, start)));
    }
    return logits;
  };

  const whole = await read(length);
  const chunked = await read(SOUND_CHUNK_TOKENS);
  const single = await read(1);
  runtime.rewind(0, 0);
  const noise = distance(chunked, single);
  return distance(chunked, whole) <= Math.max(SHARE_MIN, NOISE_TIMES_MAX * noise);
}

/** The root mean square difference, as a share of the spread. */
function distance(left: Float32Array, right: Float32Array): number {
  const mean = left.reduce((sum, value) => sum + value, 0) / left.length;
  const spread = left.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const difference = left.reduce((sum, value, at) => sum + (value - (right[at] ?? 0)) ** 2, 0);
  return spread === 0 ? 0 : Math.sqrt(difference / spread);
}
