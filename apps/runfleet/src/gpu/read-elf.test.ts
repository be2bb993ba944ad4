import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { readGpuContext } from './gpu-context.ts';
import { readElf } from './read-elf.ts';
import { makeElf } from './testing.ts';

const dir = await mkdtemp(join(tmpdir(), 'runfleet-elf-'));
afterAll(async () => await rm(dir, { recursive: true, force: true }));

async function fileOf(bytes: Buffer): Promise<string> {
  const path = join(dir, 'library.so');
  await writeFile(path, bytes);
  return path;
}

test("a library's dependencies and search paths are read", async () => {
  const path = await fileOf(
    makeElf({ needed: ['libcudart.so.13', 'libc.so.6'], runPath: '$ORIGIN:/opt/cuda' }),
  );

  expect(await readElf(path)).toEqual({
    machine: 'x64',
    needed: ['libcudart.so.13', 'libc.so.6'],
    searchPaths: ['$ORIGIN', '/opt/cuda'],
  });
});

test.runIf(process.platform === 'linux')(
  'the binding of onnxruntime-node is read like any other',
  async () => {
    const facts = await readElf(join(readGpuContext().bindingDir, 'onnxruntime_binding.node'));

    expect(facts.machine).toBe(process.arch);
    expect(facts.needed).toContain('libonnxruntime.so.1');
  },
);

const whole = makeElf({ needed: ['libcudart.so.13'] });
test.each<[string, Buffer]>([
  ['an empty file', Buffer.alloc(0)],
  ['text', Buffer.alloc(200, 'x')],
  ['a 32-bit library', Buffer.from(whole.with(4, 1))],
  ['a big-endian library', Buffer.from(whole.with(5, 2))],
  ['a library truncated in its headers', whole.subarray(0, 100)],
  ['a library truncated in its dynamic section', whole.subarray(0, 190)],
  ['a library truncated in a name', whole.subarray(0, whole.length - 3)],
])('%s is refused as a shared library', async (_, bytes) => {
  await expect(readElf(await fileOf(bytes))).rejects.toThrow(/cannot be read as a shared library/);
});
