import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '@runfleet/engine';
import { z } from 'zod';

/** Where the configuration does not say how long the short rope table holds; nothing longer is tried then. */
const SHORT_TOKENS_DEFAULT = 4_096;
/** The CPU's builds keep their caches in float32, those of other devices in float16. */
const CACHE_BYTES_PER_VALUE = { cpu: 4, other: 2 } as const;

const sizeSchema = z.object({
  hidden_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  num_key_value_heads: z.number(),
  original_max_position_embeddings: z.number().optional(),
  max_position_embeddings: z.number().default(SHORT_TOKENS_DEFAULT),
});

type Size = z.infer<typeof sizeSchema>;

/**
 * Bytes of device memory that a model folder will take: its weights as they lie on the disk, and the
 * key-value cache of every slot, with that of the one long slot where `contextLength` goes past the
 * short rope table. An estimate, from the folder's `config.json`.
 */
export async function measureModel(
  dir: string,
  options: { slots: number; provider: string; contextLength?: number },
): Promise<number> {
  const [weights, size] = await Promise.all([weightBytes(dir), readSize(dir)]);
  const headSize = size.hidden_size / size.num_attention_heads;
  const valuesPerToken = 2 * size.num_hidden_layers * size.num_key_value_heads * headSize;
  const bytesPerValue = CACHE_BYTES_PER_VALUE[options.provider === 'cpu' ? 'cpu' : 'other'];
  return weights + cacheTokens(size, options) * valuesPerToken * bytesPerValue;
}

/** Of all slots together. */
function cacheTokens(size: Size, options: { slots: number; contextLength?: number }): number {
  const { original_max_position_embeddings: original, max_position_embeddings: most } = size;
  const short = Math.min(original ?? SHORT_TOKENS_DEFAULT, most);
  const longest = original === undefined ? short : most;
  const wanted = Math.min(options.contextLength ?? short, longest);
  return options.slots * Math.min(short, wanted) + (wanted > short ? wanted : 0);
}

/** The graph and its weights, which lie beside each other or in `onnx/`. */
async function weightBytes(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch((cause) => {
    throw new EngineError('infra', `The model folder ${dir} cannot be read.`, { cause });
  });
  const graphs = entries.filter(
    (entry) => entry.isFile() && /\.onnx(?![A-Za-z0-9])/.test(entry.name),
  );
  const sizes = await Promise.all(
    graphs.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function readSize(dir: string): Promise<Size> {
  const path = join(dir, 'config.json');
  try {
    return sizeSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new EngineError('model', `${path} does not tell the model's size.`, { cause });
  }
}
