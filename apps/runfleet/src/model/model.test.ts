import {
  access,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { buildModelFolder } from '@runfleet/engine';
import { afterAll, beforeEach, expect, test } from 'vitest';

import { addModel, type AddModel } from './add-model.ts';
import { findModel, listModels } from './list-models.ts';
import type { ModelContext } from './model-context.ts';
import { readModelInUse, writeNameInUse } from './model-in-use.ts';
import { checkModelName } from './model-name.ts';
import { readSource } from './model-source.ts';
import { removeModel } from './remove-model.ts';
import { noteServed } from './served-model.ts';
import { startTestHub } from './testing.ts';
import { verifyFile } from './verify-model.ts';

const ID = 'acme/tiny-onnx';
const SUBFOLDER = 'cpu/int4';
const ANY = { variant: undefined, sha256: undefined };
const parent = await mkdtemp(join(tmpdir(), 'runfleet-model-'));
const published = join(parent, 'published');
await buildModelFolder(published, { inlineBytesMax: 0, precision: 'int4' });
const { size: DATA_BYTES } = { size: (await readFile(join(published, 'model.onnx.data'))).length };
afterAll(async () => await rm(parent, { recursive: true, force: true }));

let ctx: ModelContext;
beforeEach(async () => {
  ctx = {
    home: await mkdtemp(join(parent, 'home-')),
    hubUrl: 'http://127.0.0.1:9',
    hubToken: undefined,
    pypiUrl: 'http://127.0.0.1:9',
  };
});

async function add(source: string, changes: Partial<AddModel> = {}) {
  return await addModel(ctx, {
    source: await readSource(source, ANY),
    name: 'tiny-test',
    isLinked: false,
    isChecked: true,
    isFast: false,
    onProgress: () => {},
    onStep: () => {},
    ...changes,
  });
}

async function hub() {
  const started = await startTestHub(ID, SUBFOLDER, published);
  ctx.hubUrl = started.url;
  return started;
}

const models = () =>
  readdir(join(ctx.home, 'models')).then((names) => names.filter((name) => !name.startsWith('.')));

test('a model of the hub is downloaded, verified, opened and listed', async () => {
  await using started = await hub();
  ctx.hubToken = 'secret';
  const seen: number[] = [];
  const added = await add(`${ID}/${SUBFOLDER}`, { onProgress: ({ bytes }) => seen.push(bytes) });

  expect(seen.at(-1)).toBe(added.sizeBytes);
  expect(await readFile(join(added.dir, 'model.onnx.data'))).toEqual(
    await readFile(join(published, 'model.onnx.data')),
  );
  expect(await listModels(ctx)).toMatchObject([
    {
      name: 'tiny-test',
      precision: 'int4',
      from: `${ID}/${SUBFOLDER}@main`,
      isInUse: false,
      record: { contextLength: 4096 },
    },
  ]);
  expect(started.requests.every(({ authorization }) => authorization === 'Bearer secret')).toBe(
    true,
  );
});

test('an interrupted download resumes where it stopped and downloads nothing twice', async () => {
  await using started = await hub();
  started.breakOn = { path: `${SUBFOLDER}/model.onnx.data`, afterBytes: Math.ceil(DATA_BYTES / 3) };
  await add(`${ID}/${SUBFOLDER}`);

  const asked = started.requests.filter(({ path }) => path.endsWith('model.onnx.data'));
  expect(asked.length).toBeGreaterThanOrEqual(3);
  expect(asked.slice(1).every(({ range }) => range !== undefined && range !== 'bytes=0-')).toBe(
    true,
  );
});

test('files that an earlier try verified are not downloaded again', async () => {
  await using started = await hub();
  started.wrongBytes.set(`${SUBFOLDER}/model.onnx.data`, Buffer.alloc(DATA_BYTES));
  await expect(add(`${ID}/${SUBFOLDER}`)).rejects.toThrow(
    /model\.onnx\.data: .* is not the requested file/,
  );
  expect(await models()).toEqual([]);

  started.wrongBytes.clear();
  started.requests.length = 0;
  await add(`${ID}/${SUBFOLDER}`);
  expect(started.requests.filter(({ path }) => path.includes('/resolve/'))).toHaveLength(1);
});

test('the error for an unreachable hub names the way without a network', async () => {
  await expect(add(`${ID}/${SUBFOLDER}`)).rejects.toThrow(
    /127\.0\.0\.1 cannot be reached\. .*runfleet model add <folder>/,
  );
});

test('an id that the hub does not have is named in the error', async () => {
  await using _started = await hub();
  await expect(add('acme/other')).rejects.toThrow(/The hub has no acme\/other@main/);
  expect(await readdir(join(ctx.home, 'models'))).toEqual([]);
});

test.each([true, false])('a folder is added without a network (linked: %s)', async (isLinked) => {
  const { dir } = await add(published, { isLinked });

  expect(await listModels(ctx)).toMatchObject([
    { name: 'tiny-test', precision: 'int4', record: { source: { isLinked } } },
  ]);
  await removeModel(ctx, 'tiny-test', false);
  await expect(access(dir)).rejects.toThrow('ENOENT');
  await access(join(published, 'model.onnx.data'));
});

test('a folder that the engine cannot open is not added and leaves nothing behind', async () => {
  const damaged = join(ctx.home, 'damaged');
  await cp(published, damaged, { recursive: true });
  await truncate(join(damaged, 'model.onnx.data'), 1_000);

  await expect(add(damaged)).rejects.toThrow(
    /was not added: the engine cannot open it\. .*does not load/,
  );
  expect(await models()).toEqual([]);
  expect(await add(damaged, { isChecked: false })).toMatchObject({
    record: { contextLength: null },
  });
});

test('a folder without a graph is refused', async () => {
  await mkdir(join(ctx.home, 'empty'));
  await expect(add(join(ctx.home, 'empty'))).rejects.toThrow(/has no \.onnx graph/);
});

test('a name that is taken is refused before anything is copied', async () => {
  await add(published, { isLinked: true });
  await expect(add(published)).rejects.toThrow(/model named tiny-test exists already\. .*--name/);
});

test('a model that a process serves is not removed, and a crashed process does not count', async () => {
  const { dir } = await add(published, { isLinked: true });
  await using served = await noteServed(ctx.home, dir);
  await writeFile(join(ctx.home, 'models', '.served-tiny-test-1'), '1 999999999999');
  const refusal = `tiny-test is served by process ${process.pid}.`;
  await expect(removeModel(ctx, 'tiny-test', false)).rejects.toThrow(refusal);
  await served[Symbol.asyncDispose]();
  await removeModel(ctx, 'tiny-test', false);
  expect(await readdir(join(ctx.home, 'models'))).toEqual([]);
});

test('the next start serves the model in use, which is not removed without --force', async () => {
  expect(await readModelInUse(ctx.home)).toBeNull();
  const { dir } = await add(published, { isLinked: true });
  await writeFile(join(ctx.home, 'settings.json'), '{"other": 1}');
  await writeNameInUse(ctx.home, 'tiny-test');

  expect(await readModelInUse(ctx.home)).toBe(dir);
  expect(JSON.parse(await readFile(join(ctx.home, 'settings.json'), 'utf8'))).toEqual({
    other: 1,
    modelInUse: 'tiny-test',
  });
  await expect(removeModel(ctx, 'tiny-test', false)).rejects.toThrow(/is the model in use/);
  await removeModel(ctx, 'tiny-test', true);
  expect(await readModelInUse(ctx.home)).toBeNull();
});

test('a missing model in use is an error, and no other model is served', async () => {
  const { dir } = await add(published, { isLinked: true });
  await writeNameInUse(ctx.home, 'tiny-test');
  await rm(dir, { recursive: true });

  await expect(readModelInUse(ctx.home)).rejects.toThrow(/tiny-test, is no longer/);
});

test('a file that changed after its folder was linked is detected', async () => {
  const folder = join(ctx.home, 'theirs');
  await cp(published, folder, { recursive: true });
  await add(folder, { name: 'linked', isLinked: true });
  const { dir, record } = await findModel(ctx, 'linked');
  const verdicts = () =>
    Promise.all((record?.files ?? []).map((file) => verifyFile(dir, file))).then(
      (all) => new Set(all),
    );
  expect(await verdicts()).toEqual(new Set(['right']));

  const data = await readFile(join(folder, 'model.onnx.data'));
  data[7] = (data[7] ?? 0) ^ 1;
  await writeFile(join(folder, 'model.onnx.data'), data);
  expect(await verdicts()).toEqual(new Set(['right', 'changed']));
});

test('a file that changed after it was added is detected', async () => {
  await add(published);
  const { dir, record } = await findModel(ctx, 'tiny-test');
  const handle = await readFile(join(dir, 'model.onnx.data'));
  handle[7] = (handle[7] ?? 0) ^ 1;
  await writeFile(join(dir, 'model.onnx.data'), handle);
  await rm(join(dir, 'config.json'));

  const verdicts = new Map<string, string>();
  for (const file of record?.files ?? []) verdicts.set(file.path, await verifyFile(dir, file));
  expect(verdicts.get('model.onnx.data')).toBe('changed');
  expect(verdicts.get('config.json')).toBe('missing');
  expect(verdicts.get('model.onnx')).toBe('right');
});

test('a second add of the same name is refused immediately', async () => {
  await mkdir(join(ctx.home, 'models', '.adding'), { recursive: true });
  const lock = join(ctx.home, 'models', '.adding', 'tiny-test.lock');
  await writeFile(lock, String(process.ppid));
  await expect(add(published)).rejects.toThrow(/is being added by process/);

  // No process has this id, so its claim is ignored.
  await writeFile(lock, String(2 ** 30));
  await add(published, { isLinked: true });
});

test.each([
  [
    'microsoft/Phi-3.5-mini-instruct-onnx',
    undefined,
    { subfolder: 'cpu_and_mobile/cpu-int4-awq-block-128-acc-level-4', revision: 'main' },
  ],
  [
    'microsoft/Phi-3.5-mini-instruct-onnx@v2',
    'gpu',
    { subfolder: 'gpu/gpu-int4-awq-block-128', revision: 'v2' },
  ],
  ['a/b', undefined, { id: 'a/b', subfolder: '' }],
  ['a/b/c/d@refs/pr/1', undefined, { id: 'a/b', subfolder: 'c/d', revision: 'refs/pr/1' }],
] as const)('%s (%s) is a model of the hub', async (text, variant, expected) => {
  expect(await readSource(text, { variant, sha256: undefined })).toMatchObject({
    kind: 'hub',
    ...expected,
  });
});

test.each(['tiny', '', '.adding', 'a/b', 'A', 'x.building-1', 'x'.repeat(65)])(
  '%j is not a valid model name',
  (name) => {
    expect(() => checkModelName(name)).toThrow(/name/);
  },
);

test.each([
  ['./missing', 'folder'],
  ['/nowhere/phi', 'folder'],
  ['./missing.gguf', 'file'],
  ['missing.gguf', 'file'],
  ['weights/missing.whl', 'file'],
])('%s does not exist: the error is about a %s', async (text, what) => {
  await expect(readSource(text, ANY)).rejects.toThrow(`There is no ${what} ${resolve(text)}.`);
});

test.each(['nonsense', 'a/../b', 'a/b/../c', 'a/b@', '-a/b', 'a/b@../x'])(
  '%s is neither a folder nor a hub id',
  async (text) => {
    await expect(readSource(text, ANY)).rejects.toThrow(/neither a folder nor/);
  },
);
