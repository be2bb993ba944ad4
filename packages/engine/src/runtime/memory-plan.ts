import { EngineError } from '../engine-error.ts';
import type { ModelConfig } from '../folder/model-config.ts';
import type { GraphShape } from './graph-shape.ts';
import { ELEMENTS } from './ort-capi/elements.ts';
import type { SlotTokens } from './slot-size.ts';

export type MemoryNeed = {
  /** Free for caches and for the work memory of a run, with the weights loaded. */
  availableBytes: number;
  cacheBytesPerToken: number;
  /** Per token of a chunk: logits and activations. */
  chunkBytesPerToken: number;
  /** Per token of a chunk and token before it: attention's scores. */
  chunkBytesPerPair: number;
  slots: number;
} & SlotTokens;

export type MemoryPlan = {
  slots: number;
  /** The size of the one long slot; undefined if there is none. */
  longTokens: number | undefined;
  /** The work memory of a prefill run, beside caches and weights. */
  scratchBytes: number;
};

/** Kept free for what is not counted here: the arena's rounding, the process itself. */
const RESERVE = 0.1;
const SCRATCH_SHARE = 1 / 8;
const SCRATCH_BYTES_MAX = 2 ** 30;
/** The share of the long slot if the short ones would use everything. */
const LONG_SHARE = 1 / 4;
const LONG_TOKENS_STEP = 256;
/** However much memory there is, because the answers beside a chunk wait for it. */
export const CHUNK_TOKENS_MAX = 512;
/**
 * On a CPU the answers beside a chunk wait for it, and longer chunks are hardly faster: on one core,
 * chunks of 512 tokens read 3 % more tokens a second than chunks of 32.
 */
const CPU_CHUNK_TOKENS = 32;
const PLANNED_TOKENS_MIN = 16;

/** The feed-forward's activations, four at a time. */
const FEED_FORWARD_WIDTHS = 4;
/** The input of attention, its queries, keys and values, and its output. */
const ATTENTION_WIDTHS = 5;
/** Of the feed-forward, where the configuration does not state it. */
const INTERMEDIATE_TIMES = 2.75;
const FLOAT_BYTES = 4;

/**
 * The work memory of a chunk. Attention works in the heads of the queries; the cache, from which
 * the graph's shape is read, may have fewer.
 */
export function chunkNeed(
  { heads, headSize, logitsType, vocabularySize }: ChunkShape,
  { queryHeads = heads, intermediateSize }: Partial<ChunkConfig>,
): Pick<MemoryNeed, 'chunkBytesPerToken' | 'chunkBytesPerPair'> {
  const width = queryHeads * headSize;
  const floats =
    FEED_FORWARD_WIDTHS * (intermediateSize ?? INTERMEDIATE_TIMES * width) +
    ATTENTION_WIDTHS * width;
  return {
    chunkBytesPerToken: vocabularySize * ELEMENTS[logitsType].bytes + floats * FLOAT_BYTES,
    chunkBytesPerPair: queryHeads * FLOAT_BYTES,
  };
}

type ChunkShape = Pick<GraphShape, 'heads' | 'headSize' | 'logitsType' | 'vocabularySize'>;
type ChunkConfig = Pick<ModelConfig, 'queryHeads' | 'intermediateSize'>;

/** Divides the memory among the slots before the first one is used. Throws if not even one fits. */
export function planMemory(need: MemoryNeed): MemoryPlan {
  const { cacheBytesPerToken, shortTokens } = need;
  const usableBytes = need.availableBytes * (1 - RESERVE);
  const scratchBytes = Math.min(usableBytes * SCRATCH_SHARE, SCRATCH_BYTES_MAX);
  const cacheBytes = usableBytes - scratchBytes;
  const slotBytes = shortTokens * cacheBytesPerToken;
  if (cacheBytes < slotBytes) {
    throw new EngineError(
      'infra',
      `A slot of ${shortTokens} tokens needs ${mebibytes(slotBytes)}, but only ${mebibytes(cacheBytes)} are free for caches. Free memory, or use a smaller model, a build with a half-precision cache or a larger machine.`,
    );
  }

  const sparedBytes = Math.max(cacheBytes - need.slots * slotBytes, cacheBytes * LONG_SHARE);
  // The only short slot is kept.
  const longBytes = Math.min(sparedBytes, cacheBytes - slotBytes);
  const longTokens = Math.min(
    need.longTokens,
    roundDown(longBytes / cacheBytesPerToken, LONG_TOKENS_STEP),
  );
  const hasLong = longTokens > shortTokens;
  const leftBytes = cacheBytes - (hasLong ? longTokens * cacheBytesPerToken : 0);
  return {
    slots: Math.min(need.slots, Math.floor(leftBytes / slotBytes)),
    longTokens: hasLong ? longTokens : undefined,
    scratchBytes,
  };
}

/**
 * The most tokens of a chunk after `start` others: a power of two, so that the shapes of chunks
 * repeat.
 */
export function planChunk(
  need: Pick<MemoryNeed, 'chunkBytesPerToken' | 'chunkBytesPerPair'>,
  scratchBytes: number,
  start: number,
): number {
  let tokens = CHUNK_TOKENS_MAX;
  const bytes = () =>
    tokens * (need.chunkBytesPerToken + (start + tokens) * need.chunkBytesPerPair);
  while (tokens > PLANNED_TOKENS_MIN && bytes() > scratchBytes) tokens /= 2;
  return tokens;
}

/** The distance of the places at which prompts are cut. */
export function chunkDistance(provider: string, chunkTokensMax: number): number {
  return provider === 'cpu' ? Math.min(CPU_CHUNK_TOKENS, chunkTokensMax) : chunkTokensMax;
}

/** For people to read. */
export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

function roundDown(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
