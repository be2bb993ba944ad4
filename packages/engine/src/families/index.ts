import { EngineError } from '../engine-error.ts';
import { llama } from './llama/llama.ts';
import type { ModelFamily } from './model-family.ts';
import { phi3 } from './phi3/phi3.ts';

/** Every family that the engine supports. */
const FAMILIES: readonly ModelFamily[] = [phi3, llama];

/**
 * The family that the configuration files of `dir` name. Throws `EngineError('model')` if it is not
 * supported.
 */
export function familyOf(dir: string, names: readonly unknown[]): ModelFamily {
  const name = names.find((given) => typeof given === 'string');
  const family = FAMILIES.find((known) => known.name === name);
  if (family) return family;
  const supported = FAMILIES.map((known) => known.name).join(', ');
  throw new EngineError(
    'model',
    name === undefined
      ? `The model folder ${dir} does not name its model family: add "model_type" to its config.json. Supported: ${supported}.`
      : `The model folder ${dir} is of the model family ${JSON.stringify(name)}, which is not supported. Supported: ${supported}.`,
  );
}
