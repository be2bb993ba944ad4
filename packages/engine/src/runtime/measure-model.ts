import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { EngineError } from '../engine-error.ts';
import { readModelConfig } from '../folder/model-config.ts';
import { hasViews } from './provider.ts';
import { cacheBytesPerToken, slotTokens } from './slot-size.ts';

/**
 * Bytes of device memory that a model folder will take: its weights as they lie on the disk, and the
 * cache of every slot, with that of the one long slot where `contextLength` goes past the short rope
 * table. An estimate from the configuration files, for a choice among models: what an open engine
 * takes is planned from the graph itself, and from what memory is free then. Throws `EngineError` as
 * opening would where the folder does not tell.
 */
export async function measureModel(
  dir: string,
  options: { slots: number; provider: string; contextLength?: number },
): Promise<number> {
  const path = resolve(dir);
  const { graphPath, layers, heads, headSize, ...lengths } = await readModelConfig(path);
  if (layers === undefined || heads === undefined || headSize === undefined) {
    throw new EngineError(
      'model',
      `The configuration of ${path} does not tell the size of its cache. Copy genai_config.json and config.json again.`,
    );
  }
  const { slots, provider, contextLength } = options;
  // The CPU's builds keep their caches in single precision, those of other devices in half.
  const type = provider === 'cpu' ? 'float32' : 'float16';
  const bytesPerToken = cacheBytesPerToken(
    { tensors: 2 * layers, heads, headSize, type },
    hasViews(provider),
  );
  const { shortTokens, longTokens } = slotTokens(lengths, contextLength);
  const tokens = slots * shortTokens + (longTokens > shortTokens ? longTokens : 0);
  return (await weightBytes(graphPath)) + tokens * bytesPerToken;
}

/** The graph, and its weights beside it: `model.onnx`, `model.onnx.data`, `model.onnx_data_1`. */
async function weightBytes(graphPath: string): Promise<number> {
  const [dir, graph] = [dirname(graphPath), basename(graphPath)];
  const names = (await readdir(dir)).filter((name) => name.startsWith(graph));
  const files = await Promise.all(names.map((name) => stat(join(dir, name))));
  return files.reduce((sum, { size }) => sum + size, 0);
}
