import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { openEngine } from '../open-engine.ts';
import { buildModelFolder } from './build-model-folder.ts';

const parents: string[] = [];
afterAll(async () => {
  for (const parent of parents) await rm(parent, { recursive: true, force: true });
});

async function newPath(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'runfleet-build-'));
  parents.push(parent);
  return join(parent, 'model');
}

test('the same options give the same bytes', async () => {
  const [first, second] = [await newPath(), await newPath()];
  await buildModelFolder(first);
  await buildModelFolder(second);
  const names = await readdir(first);
  expect(names.toSorted()).toEqual([
    'config.json',
    'genai_config.json',
    'generation_config.json',
    'model.onnx',
    'runfleet-model.json',
    'special_tokens_map.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
  for (const name of names) {
    const [left, right] = [await readFile(join(first, name)), await readFile(join(second, name))];
    expect([name, left.equals(right)]).toEqual([name, true]);
  }
});

test('an existing folder is kept; other options or damage rebuild it', async () => {
  const dir = await newPath();
  expect((await buildModelFolder(dir)).isBuilt).toBe(true);
  expect((await buildModelFolder(dir)).isBuilt).toBe(false);
  expect((await buildModelFolder(dir, { seed: 36 })).isBuilt).toBe(true);
  await truncate(join(dir, 'model.onnx'), 1000);
  expect((await buildModelFolder(dir, { seed: 36 })).isBuilt).toBe(true);
  expect(await readdir(dirname(dir))).toEqual(['model']);
});

test('several builds at once leave one complete folder and nothing else', async () => {
  const dir = await newPath();
  await Promise.all([buildModelFolder(dir), buildModelFolder(dir), buildModelFolder(dir)]);
  expect(await readdir(dirname(dir))).toEqual(['model']);
  expect((await buildModelFolder(dir)).isBuilt).toBe(false);
});

test('several builds that replace an older folder at once leave one complete folder', async () => {
  const dir = await newPath();
  for (let seed = 1; seed <= 5; seed += 1) {
    await Promise.all(Array.from({ length: 4 }, () => buildModelFolder(dir, { seed })));
    expect(await readdir(dirname(dir))).toEqual(['model']);
    expect((await buildModelFolder(dir, { seed })).isBuilt).toBe(false);
  }
});

test('a folder with other files is never replaced', async () => {
  const dir = dirname(await newPath());
  await writeFile(join(dir, 'precious.txt'), 'mine');
  await expect(buildModelFolder(dir)).rejects.toThrow(/choose another folder/u);
  expect(await readFile(join(dir, 'precious.txt'), 'utf8')).toBe('mine');
});

test('a folder in the layout of transformers.js opens', async () => {
  const dir = await newPath();
  await buildModelFolder(dir, { layout: 'transformers', inlineBytesMax: 0 });
  await using engine = await openEngine({
    kind: 'onnx',
    modelDir: dir,
    provider: 'cpu',
    slots: 1,
    threads: 1,
  });
  expect(engine.facts.contextLength).toBe(4096);
});

test.each([
  ['hiddenSize', { hiddenSize: 100 }],
  ['layers', { layers: 0 }],
  ['blockSize', { blockSize: 33 }],
  ['vocabularySize', { vocabularySize: 300 }],
  ['maxPositions', { maxPositions: 100 }],
])('an invalid %s is refused, and the error names it', async (field, options) => {
  await expect(buildModelFolder(await newPath(), options)).rejects.toThrow(field);
});
