import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { recordAt } from '../folder/read-json.ts';
import { type ModelSize, TINY_MODEL } from './model-size.ts';
import { readTokenizer } from './phi3/build-tokenizer.ts';
import type { PhiWeights } from './phi3/phi-weights.ts';
import { Safetensors } from './safetensors.ts';
import { type BuiltFolder, type FolderLayout, writeModelFolder } from './write-model-folder.ts';

/** `models/demo` of the repository: the weights, the vocabulary and the training code. */
const DEMO_MODEL_FILES = fileURLToPath(new URL('../../../../models/demo/', import.meta.url));

/**
 * Writes the folder of the trained demo model from the files in `models/demo`, with
 * `writeModelFolder`. Throws if one of them is missing or truncated.
 */
export async function buildDemoModelFolder(
  dir: string,
  layout: FolderLayout = {},
): Promise<BuiltFolder> {
  const [config, tokenizer, weights] = await Promise.all([
    readDemoFile('config.json'),
    readDemoFile('tokenizer.json'),
    readDemoFile('weights.safetensors'),
  ]);
  const size = demoSize(readRecord(config));
  const source = {
    fingerprint: createHash('sha256').update(tokenizer).update(weights).digest('hex'),
    open: () => ({
      built: readTokenizer(readRecord(tokenizer)),
      weights: demoWeights(size, new Safetensors(weights)),
    }),
  };
  return await writeModelFolder(dir, size, source, layout);
}

async function readDemoFile(name: string): Promise<Buffer> {
  const path = join(DEMO_MODEL_FILES, name);
  return await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`${path} is missing. It is part of the repository; check it out again.`, {
      cause: error,
    });
  });
}

function readRecord(bytes: Buffer): Record<string, unknown> {
  return recordAt(JSON.parse(bytes.toString()));
}

function demoSize(config: Record<string, unknown>): ModelSize {
  // If a field is missing or not a number, checkModelSize names it.
  return {
    ...TINY_MODEL,
    hiddenSize: Number(config['hidden_size']),
    intermediateSize: Number(config['intermediate_size']),
    layers: Number(config['num_hidden_layers']),
    heads: Number(config['num_attention_heads']),
    vocabularySize: Number(config['vocab_size']),
    originalMaxPositions: Number(config['original_max_position_embeddings']),
    maxPositions: Number(config['max_position_embeddings']),
  };
}

/** The published names of the weights, as models/demo/train/export.py writes them. */
function demoWeights(size: ModelSize, tensors: Safetensors): PhiWeights {
  const { hiddenSize: hidden, intermediateSize: intermediate, vocabularySize } = size;
  const matrix = (layer: number, name: string, rows: number, columns: number) =>
    tensors.scaledBytes(`model.layers.${layer}.${name}.weight`, rows, columns);
  const gateUp = (layer: number) => matrix(layer, 'mlp.gate_up_proj', 2 * intermediate, hidden);

  return {
    embedding: () => tensors.scaledBytes('model.embed_tokens.weight', vocabularySize, hidden),
    norm: (name) => {
      const isLast = name.endsWith('final_norm_layernorm');
      return tensors.floats(isLast ? 'model.norm.weight' : `model.${name}.weight`, hidden);
    },
    attentionInput: (layer) => matrix(layer, 'self_attn.qkv_proj', 3 * hidden, hidden),
    attentionOutput: (layer) => matrix(layer, 'self_attn.o_proj', hidden, hidden),
    gate: (layer) => gateUp(layer).subarray(0, intermediate * hidden),
    up: (layer) => gateUp(layer).subarray(intermediate * hidden),
    down: (layer) => matrix(layer, 'mlp.down_proj', hidden, intermediate),
    head: () => tensors.scaledBytes('lm_head.weight', vocabularySize, hidden),
  };
}
