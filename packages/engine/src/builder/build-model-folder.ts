import { buildTokenizer } from './build-tokenizer.ts';
import { type ModelSize, TINY_MODEL } from './model-size.ts';
import { phiWeights } from './phi-weights.ts';
import { TRAINING_PARAGRAPHS } from './training-text.ts';
import { type BuiltFolder, type FolderLayout, writeModelFolder } from './write-model-folder.ts';

export type BuildOptions = Partial<ModelSize> & FolderLayout;

/**
 * Writes a model folder with seeded random weights, TINY_MODEL where the options say nothing else, by
 * the rules of `writeModelFolder`.
 */
export async function buildModelFolder(
  dir: string,
  options: BuildOptions = {},
): Promise<BuiltFolder> {
  const { layout, inlineBytesMax, ...changes } = options;
  const size: ModelSize = { ...TINY_MODEL, ...changes };
  const source = {
    fingerprint: TRAINING_PARAGRAPHS.join('\n'),
    open: () => {
      const built = buildTokenizer(size.vocabularySize);
      return { built, weights: phiWeights(size, built) };
    },
  };
  return await writeModelFolder(dir, size, source, {
    ...(layout && { layout }),
    ...(inlineBytesMax !== undefined && { inlineBytesMax }),
  });
}
