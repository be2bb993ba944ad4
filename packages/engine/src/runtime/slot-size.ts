import type { ModelConfig } from '../folder/model-config.ts';
import type { CacheType } from './graph-shape.ts';
import { ELEMENTS } from './ort-capi/elements.ts';

/**
 * Tokens that a short slot holds, and the most that the long one holds; equal if there is no long
 * one.
 */
export type SlotTokens = { shortTokens: number; longTokens: number };

/** Without a `wanted` context, sequences end where the model's short rope table does. */
export function slotTokens(
  model: Pick<ModelConfig, 'shortContextLength' | 'contextLength'>,
  wanted: number = model.shortContextLength,
): SlotTokens {
  return {
    shortTokens: Math.min(wanted, model.shortContextLength),
    longTokens: Math.min(wanted, model.contextLength),
  };
}

/**
 * Memory of one token in a slot: `tensors` are the keys and the values of every layer. If a part of
 * a tensor cannot be a tensor of its own, each slot is in memory twice, alone and with the others.
 */
export function cacheBytesPerToken(
  cache: { tensors: number; heads: number; headSize: number; type: CacheType },
  hasViews: boolean,
): number {
  const { tensors, heads, headSize, type } = cache;
  return tensors * heads * headSize * ELEMENTS[type].bytes * (hasViews ? 1 : 2);
}
