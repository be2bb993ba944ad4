import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildModelFolder } from '@runfleet/engine';
import { createHealth, createMetrics, serveHealth } from '@runfleet/service';
import { afterAll, describe, expect, test } from 'vitest';

import { makeElf } from '../../gpu/testing.ts';
import { examine, someSettings } from '../testing.ts';
import { cudaLibrariesCheck } from './cuda-libraries.ts';
import { checkCuda, judgeCuda } from './cuda.ts';
import { checkModelFolders } from './model-folders.ts';
import { judgeNode, NODE_MINIMUM } from './node-version.ts';
import { checkOnnxRuntime, judgeProviders } from './onnx-runtime.ts';
import { portCheck } from './ports.ts';
import { checkSettings } from './settings.ts';
import { checkStorage } from './storage.ts';

const folder = await mkdtemp(join(tmpdir(), 'runfleet-doctor-'));
afterAll(() => rm(folder, { recursive: true }));

describe('Node.js', () => {
  test('has the minimum version of package.json', async () => {
    const manifest = new URL('../../../../../package.json', import.meta.url);
    const { engines } = JSON.parse(await readFile(manifest, 'utf8')) as {
      engines: { node: string };
    };
    expect(engines.node).toBe(`>=${NODE_MINIMUM}`);
    expect(judgeNode('20.19.0').status).toBe('ok');
    expect(judgeNode('24.1.0').status).toBe('ok');
    expect(judgeNode('20.18.3')).toMatchObject({ status: 'problem' });
  });
});

describe('the settings', () => {
  test('that a role cannot read are named', async () => {
    const environment = { DATABASE_URL: 'mysql://x', REDIS_URL: 'redis://x', API_PORT: 'many' };
    const finding = await examine(checkSettings, { environment });
    expect(finding.status).toBe('problem');
    expect(finding.found).toContain('DATABASE_URL is wrong');
    expect(finding.found).toContain('API_PORT is wrong');
  });
});

const inFolder = (STORAGE_DIR: string) => ({ STORAGE_DIR, S3_REGION: 'us-east-1' });

describe('the storage', () => {
  test('that takes a file is fine, and the check leaves nothing in it', async () => {
    expect(await examine(checkStorage, { storage: inFolder(folder) })).toMatchObject({
      status: 'ok',
    });
    expect(await examine(checkStorage, { storage: inFolder(join(folder, 'later')) })).toMatchObject(
      {
        status: 'ok',
        found: expect.stringContaining('can be created'),
      },
    );
  });

  test('that is a file, or whose disk is full, is a problem', async () => {
    const storageDir = join(folder, 'a-file');
    await writeFile(storageDir, '');
    expect(await examine(checkStorage, { storage: inFolder(storageDir) })).toMatchObject({
      status: 'problem',
      next: expect.stringContaining('STORAGE_DIR'),
    });
    const full = await checkStorage(
      {
        settings: someSettings({ storage: inFolder(folder) }),
        signal: new AbortController().signal,
      },
      Number.MAX_SAFE_INTEGER,
    );
    expect(full).toMatchObject({ status: 'problem', found: expect.stringContaining('needed') });
  });
});

describe('a bucket', () => {
  const bucket = {
    ...inFolder('/nonexistent'),
    S3_BUCKET: 'files',
    S3_ENDPOINT: 'http://127.0.0.1:1',
    S3_ACCESS_KEY_ID: 'id',
  };

  test('of an unreachable server is a problem, with the next step', async () => {
    const storage = { ...bucket, S3_SECRET_ACCESS_KEY: 'the-secret' };
    const finding = await examine(checkStorage, { storage });

    expect(finding).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('the connection to http://127.0.0.1:1 failed'),
      next: 'Check S3_ENDPOINT and the network.',
    });
    expect(JSON.stringify(finding)).not.toContain('the-secret');
  });

  test('with half a key is a problem', async () => {
    expect(await examine(checkStorage, { storage: bucket })).toMatchObject({
      status: 'problem',
      found: 'S3_SECRET_ACCESS_KEY is not set',
      next: 'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together.',
    });
  });
});

describe('a port', () => {
  test('is free, used by Runfleet, or taken by another program', async () => {
    const health = createHealth({ checks: {}, metrics: createMetrics({ role: 'api' }) });
    await using ours = await serveHealth({ host: '127.0.0.1', port: 0, health });
    const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };

    const check = (API_PORT: number) =>
      examine(portCheck('api'), { environment: { API_PORT: String(API_PORT) } });
    try {
      expect(await check(ours.port)).toEqual({
        status: 'ok',
        found: `Runfleet answers on 127.0.0.1:${ours.port}`,
      });
      expect(await check(port)).toMatchObject({
        status: 'problem',
        found: expect.stringContaining('taken by another program'),
        next: 'Stop that program, or set API_PORT.',
      });
    } finally {
      other.close();
    }
    expect(await check(port)).toMatchObject({ status: 'ok', found: `127.0.0.1:${port} is free` });
    expect(await check(0)).toMatchObject({ status: 'skipped' });
  });

  test('on an address that is not this machine’s is a problem', async () => {
    const environment = { GATEWAY_HOST: '192.0.2.1' };
    expect(await examine(portCheck('gateway'), { environment })).toMatchObject({
      status: 'problem',
      next: expect.stringContaining('GATEWAY_PORT'),
    });
  });
});

describe('ONNX Runtime', () => {
  test('loads on this machine, at least with the CPU', async () => {
    expect(await examine(checkOnnxRuntime)).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^ONNX Runtime \d+\.\d+\.\d+ with cpu/),
    });
  });

  test('without the configured provider is a problem', () => {
    const providers = [
      { name: 'cpu', isThere: true },
      { name: 'cuda', isThere: false },
    ];
    expect(judgeProviders('1.30.0', providers, 'auto').status).toBe('ok');
    expect(judgeProviders('1.30.0', providers, 'cuda')).toMatchObject({
      status: 'problem',
      next: expect.stringContaining('gpu install'),
    });
  });
});

describe('CUDA', () => {
  const cards = 'NVIDIA H100 80GB HBM3, 570.86.15, 81559, 80994\n';

  test('without a GPU is fine, unless CUDA is configured', async () => {
    const environment = { PATH: join(folder, 'no-such-folder') };
    expect(await examine(checkCuda, { environment })).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('no NVIDIA GPU found'),
    });
    expect(await examine(checkCuda, { environment, provider: 'cuda' })).toMatchObject({
      status: 'problem',
    });
  });

  test('with a driver that fails is a problem, with the message of the driver', async () => {
    const program = join(folder, 'nvidia-smi');
    await writeFile(
      program,
      '#!/bin/sh\necho "Failed to initialize NVML: Driver/library version mismatch"\nexit 18\n',
    );
    await chmod(program, 0o755);
    expect(await examine(checkCuda, { environment: { PATH: folder } })).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('Driver/library version mismatch'),
    });
  });

  test.for([
    ['is new enough', 'CUDA Version                              : 13.0', cards, 'ok'],
    ['is newer', '| CUDA Version: 14.1 |', cards, 'ok'],
    ['is too old', 'CUDA Version : 12.8', cards, 'problem'],
    ['has little memory', 'CUDA Version : 13.0', 'NVIDIA T4, 580.1, 15360, 900\n', 'problem'],
  ] as const)('that %s', ([, summary, rows, status]) => {
    expect(judgeCuda(rows, summary, { cudaMajor: 13, device: 0 }).status).toBe(status);
  });

  test('of several cards, the one of ENGINE_DEVICE is named and judged', () => {
    const two = `${cards}NVIDIA T4, 580.1, 15360, 900\n`;
    const judge = (device: number) =>
      judgeCuda(two, 'CUDA Version : 13.0', { cudaMajor: 13, device });
    expect(judge(0)).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^0: NVIDIA H100.*, 1: NVIDIA T4.*a worker uses card 0/u),
    });
    expect(judge(1)).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('a worker uses card 1'),
    });
    expect(judge(2)).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('ENGINE_DEVICE is 2, and the last card is 1'),
    });
  });

  test('libraries that the provider needs and this machine lacks are named', async () => {
    const bindingDir = join(folder, 'binding');
    const libraryPath = join(folder, 'cuda');
    const binding = { bindingDir, places: { libraryPath, configFile: join(folder, 'none.conf') } };
    const check = cudaLibrariesCheck(() => binding);
    expect(await examine(check)).toMatchObject({ status: 'skipped' });
    expect(await examine(check, { provider: 'cuda' })).toMatchObject({
      status: 'problem',
      next: 'Run: runfleet gpu install',
    });

    await Promise.all([mkdir(bindingDir), mkdir(libraryPath)]);
    const needed = ['libcudart.so.77', 'libcudnn.so.66', 'libc.so.6'];
    await writeFile(join(bindingDir, 'libonnxruntime_providers_cuda.so'), makeElf({ needed }));
    await writeFile(join(libraryPath, 'libcudnn.so.66'), '');
    expect(await examine(check)).toMatchObject({
      status: 'problem',
      found: 'the provider needs CUDA 77 and cuDNN 66, but this machine lacks libcudart.so.77',
    });
    await writeFile(join(libraryPath, 'libcudart.so.77'), '');
    expect(await examine(check)).toMatchObject({
      status: 'ok',
      found: 'CUDA 77 and cuDNN 66, all libraries found',
    });
  });
});

describe('the model folders', () => {
  test('that open are fine, a damaged one is named, and having none is not a problem', async () => {
    const home = join(folder, 'home');
    expect(await examine(checkModelFolders, { home })).toMatchObject({ status: 'skipped' });
    await buildModelFolder(join(home, 'models', 'whole'));
    expect(await examine(checkModelFolders, { home })).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('whole opens'),
    });
    await mkdir(join(home, 'models', 'empty'));
    const finding = await examine(checkModelFolders, { home });
    expect(finding.status).toBe('problem');
    expect(finding.found).toContain('empty: The model folder');
  });
});
