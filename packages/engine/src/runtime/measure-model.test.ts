import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { BuildOptions } from '../builder/build-model-folder.ts';
import { TINY_MODEL } from '../builder/model-size.ts';
import { readModelFolder } from '../folder/model-folder.ts';
import { tinyFolder } from '../testing/tiny-folder.ts';
import { measureModel } from './measure-model.ts';
import { openOrtCapi } from './ort-capi/ort-capi.ts';

const SHORT: BuildOptions = { originalMaxPositions: 64, maxPositions: 512 };

async function weightsOf(dir: string): Promise<number> {
  return (await stat(join(dir, 'model.onnx'))).size;
}

test('a model takes its weights, and a cache of keys and values for each slot', async () => {
  const dir = await tinyFolder();
  await writeFile(join(dir, 'model.onnx.data'), 'x'.repeat(1_000));
  await writeFile(join(dir, 'model_q4.onnx'), 'of another build');
  const weights = (await weightsOf(dir)) + 1_000;
  const cache = 4_096 * 2 * TINY_MODEL.layers * TINY_MODEL.hiddenSize * 4;
  expect(await measureModel(dir, { slots: 1, provider: 'cpu' })).toBe(weights + cache);
  expect(await measureModel(dir, { slots: 3, provider: 'cpu' })).toBe(weights + 3 * cache);
  // The graph decides the precision of its cache, whatever it runs on.
  expect(await measureModel(dir, { slots: 1, provider: 'cuda' })).toBe(weights + cache);
  // Twice: a slot has no views on this device.
  expect(await measureModel(dir, { slots: 1, provider: 'webgpu' })).toBe(weights + 2 * cache);
});

test('a cache in half precision takes half, on a CPU too', async () => {
  const dir = await tinyFolder({ precision: 'fp16' });
  const cache = 4_096 * 2 * TINY_MODEL.layers * TINY_MODEL.hiddenSize * 2;
  for (const provider of ['cpu', 'cuda']) {
    expect(await measureModel(dir, { slots: 1, provider })).toBe((await weightsOf(dir)) + cache);
  }
});

test.each([
  [48, 3 * 48],
  [64, 3 * 64],
  [65, 3 * 64 + 65],
  [300, 3 * 64 + 300],
  [9_999, 3 * 64 + 512],
])(
  'with a context of %d it takes what the slots of an open runtime take',
  async (contextLength, expected) => {
    const dir = await tinyFolder(SHORT);
    const options = { slots: 3, provider: 'cpu', contextLength, threads: 1 } as const;
    await using runtime = await openOrtCapi(await readModelFolder(dir), options);
    const tokens = runtime.slotClasses.reduce(
      (sum, slotClass) => sum + (slotClass ? slotClass.count * slotClass.tokens : 0),
      0,
    );
    expect(tokens).toBe(expected);
    expect(await measureModel(dir, options)).toBe(
      (await weightsOf(dir)) + tokens * runtime.cacheBytesPerToken,
    );
  },
);

test('one configuration file is enough, and the error names the folder if neither has the size', async () => {
  const dir = await tinyFolder();
  const measure = () => measureModel(dir, { slots: 1, provider: 'cpu' });
  const bytes = await measure();
  await rm(join(dir, 'config.json'));
  expect(await measure()).toBe(bytes);
  await rm(join(dir, 'genai_config.json'));
  await expect(measure()).rejects.toThrow(`${dir} has no genai_config.json or config.json`);
  await writeFile(join(dir, 'config.json'), '{}');
  await expect(measure()).rejects.toThrow(dir);
});
