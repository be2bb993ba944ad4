import { type ModelSize, TINY_MODEL } from './model-size.ts';
import { buildTokenizer } from './phi3/build-tokenizer.ts';
import { phiWeights } from './phi3/phi-weights.ts';
import { TRAINING_PARAGRAPHS } from './training-text.ts';
import { type BuiltFolder, type FolderLayout, writeModelFolder } from './write-model-folder.ts';

export type BuildOptions = Partial<ModelSize> & FolderLayout;

/**
 * Writes a model folder with seeded random weights, with `writeModelFolder`. The defaults are those
 * of TINY_MODEL.
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
