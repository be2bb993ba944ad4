import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, expect, test } from 'vitest';

import type { GpuContext } from './gpu-context.ts';
import { checkProvider, type InstallProvider, installProvider } from './install-provider.ts';
import { makeElf, makeZip } from './testing.ts';

const VERSION = '9.8.7';
const NATIVE = 'runtimes/linux-x64/native';
const CUDA = makeElf({
  needed: ['libcublas.so.13', 'libcudart.so.13', 'libcudnn.so.9', 'libcuda.so.1', 'libc.so.6'],
});
const SHARED = makeElf({ needed: ['libc.so.6'] });
const FILES = {
  'Microsoft.ML.OnnxRuntime.Gpu.Linux.nuspec': `<package><metadata><version>${VERSION}</version></metadata></package>`,
  [`${NATIVE}/libonnxruntime.so`]: 'the core, which the binding has already',
  [`${NATIVE}/libonnxruntime_providers_cuda.so`]: CUDA,
  [`${NATIVE}/libonnxruntime_providers_shared.so`]: SHARED,
};
const PACKAGE = makeZip(FILES);
const ID = 'microsoft.ml.onnxruntime.gpu.linux';

/** A NuGet server with one package; it drops the next `drops` connections in the middle of it. */
let sent = PACKAGE;
let drops = 0;
let requests: string[] = [];
const server = createServer((request, response) => {
  const origin = `http://${request.headers.host}`;
  const path = request.url ?? '';
  requests.push(path);
  const answers: Record<string, unknown> = {
    '/v3/index.json': {
      resources: [{ '@id': `${origin}/registration/`, '@type': 'RegistrationsBaseUrl/3.6.0' }],
    },
    [`/registration/${ID}/${VERSION}.json`]: {
      catalogEntry: `${origin}/entry.json`,
      packageContent: `${origin}/package.nupkg`,
    },
    '/entry.json': {
      packageHash: createHash('sha512').update(PACKAGE).digest('base64'),
      packageHashAlgorithm: 'SHA512',
      packageSize: PACKAGE.length,
    },
  };
  if (answers[path] !== undefined) return void response.end(JSON.stringify(answers[path]));
  if (path !== '/package.nupkg') return void response.writeHead(404).end();
  const from = Number(/^bytes=(\d+)-$/u.exec(request.headers.range ?? '')?.[1] ?? 0);
  const body = sent.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    etag: '"p"',
    'content-length': body.length,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${sent.length - 1}/${sent.length}` } : {}),
  });
  if (drops > 0) {
    drops -= 1;
    response.write(body.subarray(0, 100), () => response.destroy());
  } else response.end(body);
});
await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const parent = await mkdtemp(join(tmpdir(), 'runfleet-gpu-'));
afterAll(async () => {
  server.close();
  await rm(parent, { recursive: true, force: true });
});

let ctx: GpuContext;
beforeEach(async () => {
  const home = await mkdtemp(join(parent, 'home-'));
  const places = { libraryPath: join(home, 'cuda'), configFile: join(home, 'ld.so.conf') };
  ctx = {
    platform: 'linux/x64',
    bindingDir: join(home, 'binding'),
    version: VERSION,
    catalogueUrl: `${origin}/v3/index.json`,
    downloadsDir: join(home, 'downloads'),
    places,
  };
  await Promise.all([ctx.bindingDir, places.libraryPath].map((dir) => mkdir(dir)));
  [sent, drops, requests] = [PACKAGE, 0, []];
});

function install(changes: Partial<InstallProvider> = {}) {
  return installProvider(ctx, {
    from: undefined,
    digest: undefined,
    onProgress: () => {},
    onStep: () => {},
    ...changes,
  });
}

async function fileOf(bytes: Buffer): Promise<string> {
  const path = join(parent, 'package.zip');
  await writeFile(path, bytes);
  return path;
}

test('the package is downloaded, verified and extracted next to the binding', async () => {
  drops = 2;
  const installed = await install();

  expect(installed).toMatchObject({
    isNew: true,
    isVerified: true,
    wants: { cudaMajor: '13', cudnnMajor: '9' },
  });
  expect((await readdir(ctx.bindingDir)).sort()).toEqual([
    'libonnxruntime_providers_cuda.so',
    'libonnxruntime_providers_shared.so',
    'runfleet-cuda.json',
  ]);
  expect(await readFile(join(ctx.bindingDir, 'libonnxruntime_providers_cuda.so'))).toEqual(CUDA);
  expect(await readdir(ctx.downloadsDir)).toEqual([]);
});

test('an installed provider is not downloaded again, and a damaged one is', async () => {
  await install();
  requests = [];
  expect(await install()).toMatchObject({
    isNew: false,
    isVerified: true,
    wants: { cudaMajor: '13' },
  });
  expect(requests).toEqual([]);

  await writeFile(join(ctx.bindingDir, 'libonnxruntime_providers_shared.so'), '');
  expect(await install()).toMatchObject({ isNew: true });
});

test('a package whose checksum is not that of the catalogue is refused', async () => {
  sent = Buffer.from(PACKAGE.with(50, 1));
  await expect(install()).rejects.toThrow(/is not the requested file: its sha512/);
  expect(await readdir(ctx.bindingDir)).toEqual([]);
});

test("libraries are found in the loader's folders, and missing ones are named", async () => {
  const { libraryPath, configFile } = ctx.places;
  const listed = join(parent, 'listed');
  await mkdir(join(parent, 'conf.d'), { recursive: true });
  await mkdir(listed, { recursive: true });
  await writeFile(join(libraryPath, 'libcudart.so.13'), '');
  await writeFile(join(listed, 'libcudnn.so.9'), '');
  await writeFile(configFile, `# comment\ninclude ${join(parent, 'conf.d')}/*.conf\n`);
  await writeFile(join(parent, 'conf.d', 'nvidia.conf'), `${listed} # cuDNN\n`);
  await install();

  expect((await checkProvider(ctx)).libraries).toEqual([
    { name: 'libcublas.so.13', kind: 'cuda', foundAt: null },
    { name: 'libcudart.so.13', kind: 'cuda', foundAt: join(libraryPath, 'libcudart.so.13') },
    { name: 'libcudnn.so.9', kind: 'cudnn', foundAt: join(listed, 'libcudnn.so.9') },
    { name: 'libcuda.so.1', kind: 'driver', foundAt: null },
  ]);
});

test('cuDNN, which is opened later, is loaded by the check; a file of that name is not enough', async () => {
  const { libraryPath } = ctx.places;
  const path = join(libraryPath, 'libcudnn.so.9');
  const cuda = makeElf({ needed: ['libcudart.so.13', 'libc.so.6'] });
  await writeFile(join(ctx.bindingDir, 'libonnxruntime_providers_cuda.so'), cuda);
  const cudnn = async () =>
    (await checkProvider(ctx)).libraries.find(({ kind }) => kind === 'cudnn');

  expect(await cudnn()).toEqual({ name: 'libcudnn.so.9', kind: 'cudnn', foundAt: null });
  await writeFile(path, 'not a library');
  expect(await cudnn()).toMatchObject({ foundAt: null, problem: expect.stringContaining(path) });
  const { sharedObjects } = Object(process.report.getReport());
  await copyFile(
    sharedObjects.find((name: string) => /libm\.so/u.test(name)),
    path,
  );
  expect(await cudnn()).toMatchObject({ foundAt: path });
});

test('the wheel of PyPI holds the same libraries', async () => {
  const wheel = (version: string) =>
    fileOf(
      makeZip({
        'onnxruntime/capi/libonnxruntime_providers_cuda.so': CUDA,
        'onnxruntime/capi/libonnxruntime_providers_shared.so': SHARED,
        [`onnxruntime_gpu-${version}.dist-info/METADATA`]: `Name: onnxruntime-gpu\nVersion: ${version}\n`,
      }),
    );
  await expect(install({ from: await wheel('9.8.6') })).rejects.toThrow(/has version 9.8.6/u);
  expect(await install({ from: await wheel(VERSION) })).toMatchObject({ isNew: true });
  expect(await readFile(join(ctx.bindingDir, 'libonnxruntime_providers_cuda.so'))).toEqual(CUDA);
});

test('the error of a check without a provider names the install command', async () => {
  await expect(checkProvider(ctx)).rejects.toThrow(/runfleet gpu install/);
});

test('a local package needs no network and is kept', async () => {
  ctx.catalogueUrl = 'http://127.0.0.1:9/';
  const from = await fileOf(PACKAGE);
  const hex = createHash('sha256').update(PACKAGE).digest('hex');

  expect(await install({ from })).toMatchObject({ isNew: true, isVerified: false });
  expect(await install({ from, digest: { algorithm: 'sha256', hex } })).toMatchObject({
    isVerified: true,
  });
  expect(await readFile(from)).toEqual(PACKAGE);
});

test('a package can come from any server', async () => {
  expect(await install({ from: `${origin}/package.nupkg` })).toMatchObject({
    isNew: true,
    isVerified: false,
  });
});

test.each<[string, () => Promise<string> | string, RegExp]>([
  ['a missing file', () => '/nowhere/package.nupkg', /There is no file/],
  ['a file that is not an archive', () => fileOf(Buffer.from('not a zip')), /is not a zip archive/],
  [
    'a truncated archive',
    () => fileOf(PACKAGE.subarray(0, PACKAGE.length - 30)),
    /is not a zip archive/,
  ],
  [
    'another version',
    () =>
      fileOf(
        makeZip({
          ...FILES,
          'Microsoft.ML.OnnxRuntime.Gpu.Linux.nuspec': '<version>1.0.0</version>',
        }),
      ),
    /has version 1\.0\.0, but onnxruntime-node has 9\.8\.7/,
  ],
  [
    'another package',
    () => fileOf(makeZip({ 'x.nuspec': `<version>${VERSION}</version>` })),
    /lacks libonnxruntime_providers_cuda\.so/,
  ],
  [
    'libraries for another machine',
    () =>
      fileOf(
        makeZip({
          ...FILES,
          [`${NATIVE}/libonnxruntime_providers_cuda.so`]: makeElf({ needed: [], machine: 183 }),
        }),
      ),
    /is for arm64/,
  ],
  [
    'files that are not libraries',
    () => fileOf(makeZip({ ...FILES, [`${NATIVE}/libonnxruntime_providers_shared.so`]: 'text' })),
    /cannot be read as a shared library/,
  ],
  ['a URL that does not exist', () => `${origin}/nothing`, /answers 404/],
])('%s is refused, and nothing is installed', async (_, from, message) => {
  await expect(install({ from: await from() })).rejects.toThrow(message);
  expect(await readdir(ctx.bindingDir)).toEqual([]);
});

test('a library whose bytes were changed in the archive is refused', async () => {
  const bytes = makeZip({ ...FILES, [`${NATIVE}/libonnxruntime_providers_shared.so`]: SHARED });
  // The checksum of the last library in the archive's directory.
  const at = bytes.lastIndexOf(Buffer.from('PK\u0001\u0002')) + 16;
  bytes.writeUInt32LE(bytes.readUInt32LE(at) ^ 1, at);

  await expect(install({ from: await fileOf(bytes) })).rejects.toThrow(/is damaged in the archive/);
});

test('the error for an unreachable catalogue names --from', async () => {
  ctx.catalogueUrl = 'http://127.0.0.1:9/';
  await expect(install()).rejects.toThrow(/cannot be reached\. .*--from <file>/);
});

test('other platforms are refused', async () => {
  ctx.platform = 'darwin/arm64';
  await expect(install()).rejects.toThrow(/only for linux\/x64; this is darwin\/arm64/);
});
