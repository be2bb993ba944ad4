import { asCount } from '../../folder/read-json.ts';
import type { ContextLengths } from '../model-family.ts';

const SHORT_CONTEXT_DEFAULT = 4096;

/**
 * LongRoPE has one table for sequences up to `original_max_position_embeddings` and another for
 * longer ones. If the configuration does not give that length, longer sequences are not supported.
 */
export function readContextLengths(configs: {
  config: Record<string, unknown>;
  genaiModel: Record<string, unknown>;
}): ContextLengths {
  const original = asCount(configs.config['original_max_position_embeddings']);
  const contextLength = Math.min(
    original === undefined ? SHORT_CONTEXT_DEFAULT : Number.POSITIVE_INFINITY,
    asCount(configs.config['max_position_embeddings']) ?? original ?? SHORT_CONTEXT_DEFAULT,
    asCount(configs.genaiModel['context_length']) ?? Number.POSITIVE_INFINITY,
  );
  const short = original ?? SHORT_CONTEXT_DEFAULT;
  return { shortContextLength: Math.min(short, contextLength), contextLength };
}
