import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { EngineError } from '../engine-error.ts';
import { readModelConfig } from '../folder/model-config.ts';
import { hasViews } from './provider.ts';
import { cacheBytesPerToken, slotTokens } from './slot-size.ts';

/**
 * Bytes of device memory that a model folder will take: its weights as stored on disk, and the
 * cache of every slot, including the long one if `contextLength` exceeds the short rope table. This
 * is an estimate from the configuration files, for choosing models; an open engine plans its memory
 * from the graph and from the memory that is free then. Throws `EngineError`, as opening does, if
 * the folder does not contain the sizes.
 */
export async function measureModel(
  dir: string,
  options: { slots: number; provider: string; contextLength?: number },
): Promise<number> {
  const path = resolve(dir);
  const { graphPath, layers, heads, headSize, cacheType, ...lengths } = await readModelConfig(path);
  if (layers === undefined || heads === undefined || headSize === undefined) {
    throw new EngineError(
      'model',
      `The configuration of ${path} does not give the size of its cache. Copy genai_config.json and config.json again.`,
    );
  }
  const { slots, provider, contextLength } = options;
  // Where the graph does not show it: builds for the CPU keep their caches in single precision.
  const type = cacheType ?? (provider === 'cpu' ? 'float32' : 'float16');
  const bytesPerToken = cacheBytesPerToken(
    { tensors: 2 * layers, heads, headSize, type },
    hasViews(provider),
  );
  const { shortTokens, longTokens } = slotTokens(lengths, contextLength);
  const tokens = slots * shortTokens + (longTokens > shortTokens ? longTokens : 0);
  return (await weightBytes(graphPath)) + tokens * bytesPerToken;
}

/** The graph and the weights beside it: `model.onnx`, `model.onnx.data`, `model.onnx_data_1`. */
async function weightBytes(graphPath: string): Promise<number> {
  const [dir, graph] = [dirname(graphPath), basename(graphPath)];
  const names = (await readdir(dir)).filter((name) => name.startsWith(graph));
  const files = await Promise.all(names.map((name) => stat(join(dir, name))));
  return files.reduce((sum, { size }) => sum + size, 0);
}
