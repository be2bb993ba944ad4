import { EngineError } from '../engine-error.ts';
import { asCount } from '../folder/read-json.ts';
import type { LengthSources } from './model-family.ts';

/** The tokens that the configuration files state. Throws `EngineError('model')` if none does. */
export function statedContextLength({
  config,
  genaiModel,
}: Pick<LengthSources, 'config' | 'genaiModel'>): number {
  const contextLength = Math.min(
    asCount(config['max_position_embeddings']) ?? Number.POSITIVE_INFINITY,
    asCount(genaiModel['context_length']) ?? Number.POSITIVE_INFINITY,
  );
  if (Number.isFinite(contextLength)) return contextLength;
  throw new EngineError(
    'model',
    'The model folder does not state its context length: add "max_position_embeddings" to config.json, or "context_length" to the model in genai_config.json.',
  );
}
