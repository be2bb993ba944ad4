import { EngineError } from '../../engine-error.ts';
import { asCount, recordAt } from '../../folder/read-json.ts';
import type { ContextLengths, LengthSources } from '../model-family.ts';
import { singleTableLengths } from '../single-table-lengths.ts';

/** Options of providers that choose the table themselves, so that their graph does not. */
const SWITCH_OPTIONS = ['multiRotaryCacheConcatOffset', 'multi_rotary_cache_concat_offset'];

/**
 * LongRoPE has one table for sequences up to `original_max_position_embeddings` and another for
 * longer ones. A wrong length would change tables in the middle of an answer, so it is never
 * assumed: the graph states it, or else a configuration file must.
 */
export function readContextLengths(sources: LengthSources): ContextLengths {
  const { contextLength, ...single } = singleTableLengths(sources);
  const switchLength = readSwitch(sources) ?? single.shortContextLength;
  return { shortContextLength: Math.min(switchLength, contextLength), contextLength };
}

/** Null if the model has a single table. */
function readSwitch({ config, genaiModel, ropeSwitch }: LengthSources): number | null {
  const stated = asCount(config['original_max_position_embeddings']);
  if (ropeSwitch && stated && ropeSwitch !== stated) {
    throw new EngineError(
      'model',
      `The graph changes its rope table after ${ropeSwitch} tokens, but config.json states ${stated} (original_max_position_embeddings); the files belong to different models.`,
    );
  }
  const known = ropeSwitch ?? stated ?? readProviderSwitch(genaiModel) ?? ropeSwitch;
  if (known !== undefined) return known;
  throw new EngineError(
    'model',
    'The model folder does not state after how many tokens the graph changes its rope table. Copy the config.json of the original model into the folder; it contains original_max_position_embeddings.',
  );
}

function readProviderSwitch(genaiModel: Record<string, unknown>): number | undefined {
  const { provider_options: providers } = recordAt(genaiModel, 'decoder', 'session_options');
  const all: unknown[] = Array.isArray(providers) ? providers : [];
  return all
    .flatMap((provider) => Object.values(Object(provider)))
    .flatMap((options) => SWITCH_OPTIONS.map((name) => recordAt(options)[name]))
    .map((value) => asCount(Number(value)))
    .find((count) => count !== undefined);
}
