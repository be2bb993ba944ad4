import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { chooseProvider } from './choose-provider.ts';
import type { ProviderName } from './provider.ts';

const dir = await mkdtemp(join(tmpdir(), 'runfleet-provider-'));
afterAll(async () => await rm(dir, { recursive: true, force: true }));

/** Opens every provider except the named ones. */
function openBut(...broken: ProviderName[]) {
  return async (provider: ProviderName) => {
    if (broken.includes(provider)) throw new Error(`${provider} is broken`);
    return provider;
  };
}

test('a provider requested by name opens or fails; no other replaces it', async () => {
  expect(await chooseProvider('webgpu', dir, openBut())).toEqual({
    opened: 'webgpu',
    provider: 'webgpu',
    note: '',
  });
  await expect(chooseProvider('cuda', dir, openBut('cuda'))).rejects.toThrow('cuda is broken');
});

test('auto without cuda’s library does not try it, and notes that in one line', async () => {
  const tried: string[] = [];
  const { provider, note } = await chooseProvider('auto', dir, async (name) => {
    tried.push(name);
    return await openBut('webgpu')(name);
  });
  expect(provider).toBe('cpu');
  expect(tried).not.toContain('cuda');
  expect(note).toMatch(/^no cuda: its library is not installed; no webgpu: [^\n]+$/u);
});

test('auto with cuda’s library opens cuda, or notes why it failed', async () => {
  const names = ['libonnxruntime_providers_cuda.so', 'onnxruntime_providers_cuda.dll'];
  for (const name of names) await writeFile(join(dir, name), '');
  expect(await chooseProvider('auto', dir, openBut())).toMatchObject({
    provider: 'cuda',
    note: '',
  });
  const { provider, note } = await chooseProvider('auto', dir, openBut('cuda', 'webgpu'));
  expect(provider).toBe('cpu');
  expect(note).toContain('no cuda: cuda is broken');
});

test('auto does not take a model to a provider that it is unsuited for, and notes the reason', async () => {
  await writeFile(join(dir, 'libonnxruntime_providers_cuda.so'), '');
  const unsuited = { cuda: 'it has no kernel' };
  const { provider, note } = await chooseProvider('auto', dir, openBut('webgpu'), unsuited);
  expect(provider).toBe('cpu');
  expect(note).toContain('no cuda: it has no kernel');
  const named = await chooseProvider('cuda', dir, openBut(), unsuited);
  expect(named.provider).toBe('cuda');
});

test('if even the cpu fails, its failure is reported', async () => {
  await expect(chooseProvider('auto', dir, openBut('cuda', 'webgpu', 'cpu'))).rejects.toThrow(
    'cpu is broken',
  );
});
