import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '@runfleet/engine';
import { z } from 'zod';

/** Past this many tokens the rope table changes; a slot of usual size ends there. */
const SLOT_TOKENS_MAX = 4_096;
/** The CPU's builds keep their caches in float32, those of other devices in float16. */
const CACHE_BYTES_PER_VALUE = { cpu: 4, other: 2 } as const;

const sizeSchema = z.object({
  hidden_size: z.number(),
  num_hidden_layers: z.number(),
  num_attention_heads: z.number(),
  num_key_value_heads: z.number(),
  original_max_position_embeddings: z.number().optional(),
  max_position_embeddings: z.number().default(SLOT_TOKENS_MAX),
});

/**
 * Bytes of device memory that a model folder will take: its weights as they lie on the disk, and the
 * key-value cache of every slot. An estimate, from the folder's `config.json`.
 */
export async function measureModel(
  dir: string,
  options: { slots: number; provider: string },
): Promise<number> {
  const [weights, size] = await Promise.all([weightBytes(dir), readSize(dir)]);
  const tokens = Math.min(
    SLOT_TOKENS_MAX,
    size.original_max_position_embeddings ?? size.max_position_embeddings,
  );
  const headSize = size.hidden_size / size.num_attention_heads;
  const valuesPerToken = 2 * size.num_hidden_layers * size.num_key_value_heads * headSize;
  const bytesPerValue = CACHE_BYTES_PER_VALUE[options.provider === 'cpu' ? 'cpu' : 'other'];
  return weights + options.slots * tokens * valuesPerToken * bytesPerValue;
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

async function readSize(dir: string): Promise<z.infer<typeof sizeSchema>> {
  const path = join(dir, 'config.json');
  try {
    return sizeSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new EngineError('model', `${path} does not tell the model's size.`, { cause });
  }
}
