import { EngineError } from '../engine-error.ts';
import type { ModelFamily } from './model-family.ts';
import { phi3 } from './phi3/phi3.ts';
import { singleTableLengths } from './single-table-lengths.ts';

/**
 * Every family that the engine supports. One without code of its own is a row: its graph brings its
 * biases and rope tables, and its folder the tokenizer and the chat template.
 */
export const FAMILIES: readonly ModelFamily[] = [
  phi3,
  {
    // Llama 3 and models of its form, such as SmolLM2.
    name: 'llama',
    stopTokens: ['<|im_end|>', '<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|endoftext|>'],
    readContextLengths: singleTableLengths,
  },
  {
    // Qwen 2 and 2.5.
    name: 'qwen2',
    stopTokens: ['<|im_end|>', '<|endoftext|>'],
    readContextLengths: singleTableLengths,
  },
];

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
