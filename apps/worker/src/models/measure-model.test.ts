import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildModelFolder, TINY_MODEL } from '@runfleet/engine';
import { expect, test as base } from 'vitest';

import { measureModel } from './measure-model.ts';

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'measure-'));
  onCleanup(() => rm(folder, { recursive: true }));
  return folder;
});

test('a model takes its weights, and a cache of keys and values for each slot', async ({
  folder,
}) => {
  const { dir } = await buildModelFolder(join(folder, 'model'));
  await writeFile(join(dir, 'model.onnx.data'), 'x'.repeat(1_000));
  const weights = (await stat(join(dir, 'model.onnx'))).size + 1_000;
  const perToken = 2 * TINY_MODEL.layers * TINY_MODEL.hiddenSize;
  const cache = 4_096 * perToken * 4;
  expect(await measureModel(dir, { slots: 1, provider: 'cpu' })).toBe(weights + cache);
  expect(await measureModel(dir, { slots: 3, provider: 'cpu' })).toBe(weights + 3 * cache);
  expect(await measureModel(dir, { slots: 1, provider: 'cuda' })).toBe(weights + cache / 2);
});

test('a context past the short rope table takes the cache of one long slot, too', async ({
  folder,
}) => {
  const { dir } = await buildModelFolder(join(folder, 'model'), {
    originalMaxPositions: 64,
    maxPositions: 512,
  });
  const weights = (await stat(join(dir, 'model.onnx'))).size;
  const perToken = 2 * TINY_MODEL.layers * TINY_MODEL.hiddenSize * 4;
  const tokensAt = async (contextLength: number) => {
    const bytes = await measureModel(dir, { slots: 3, provider: 'cpu', contextLength });
    return (bytes - weights) / perToken;
  };
  expect(await tokensAt(48)).toBe(3 * 48);
  expect(await tokensAt(64)).toBe(3 * 64);
  expect(await tokensAt(65)).toBe(3 * 64 + 65);
  expect(await tokensAt(9_999)).toBe(3 * 64 + 512);
});

test('a folder that does not tell is refused by its path', async ({ folder }) => {
  await expect(measureModel(folder, { slots: 1, provider: 'cpu' })).rejects.toThrow('config.json');
  await writeFile(join(folder, 'config.json'), '{}');
  await expect(measureModel(folder, { slots: 1, provider: 'cpu' })).rejects.toThrow('config.json');
  const nowhere = join(folder, 'nowhere');
  await expect(measureModel(nowhere, { slots: 1, provider: 'cpu' })).rejects.toThrow(nowhere);
});
