import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';

import { env, InferenceSession } from 'onnxruntime-node';

import { EngineError } from '../../engine-error.ts';
import type { OnnxEngineSpec } from '../../engine.ts';

export type OpenedSession = { session: InferenceSession; provider: string; device: string };

/**
 * Opens the graph on the wanted provider. `auto` tries cuda where its library is installed and
 * falls back to cpu, with the reason in `device`.
 */
export async function openSession(
  graphPath: string,
  options: Pick<OnnxEngineSpec, 'provider' | 'threads'>,
): Promise<OpenedSession> {
  const cpu = `${cpus()[0]?.model.trim() ?? 'CPU'}, ${options.threads} thread(s)`;
  const open = async (provider: string, device: string): Promise<OpenedSession> => ({
    session: await createSession(graphPath, provider, options.threads),
    provider,
    device,
  });

  if (options.provider === 'cpu') return await open('cpu', cpu);
  if (options.provider === 'webgpu') return await open('webgpu', 'WebGPU adapter 0');
  if (options.provider === 'cuda') return await open('cuda', 'CUDA device 0');

  if (!existsSync(cudaLibraryPath())) {
    return await open('cpu', `${cpu} (no cuda: its provider library is not installed)`);
  }
  try {
    return await open('cuda', 'CUDA device 0');
  } catch (error) {
    return await open('cpu', `${cpu} (no cuda: ${firstLine(error)})`);
  }
}

async function createSession(
  graphPath: string,
  provider: string,
  threads: number,
): Promise<InferenceSession> {
  // What goes wrong is in the error; the library's own log would write past our logger.
  env.logLevel = 'fatal';
  try {
    return await InferenceSession.create(graphPath, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // Threads that spin between steps take the cores that the rest of the machine needs.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      logSeverityLevel: 4,
    });
  } catch (error) {
    throw explain(error, graphPath, provider);
  }
}

function explain(error: unknown, graphPath: string, provider: string): EngineError {
  const reason = firstLine(error);
  if (/alloc|out of memory|cannot allocate/iu.test(reason)) {
    return new EngineError(
      'infra',
      `Not enough memory to load ${graphPath} on ${provider} (${reason}). Use a smaller model or a larger machine.`,
      { cause: error },
    );
  }
  if (/provider|failed to load shared library|vulkan|adapter|dawn/iu.test(reason)) {
    return new EngineError(
      'infra',
      `The ${provider} provider does not load (${reason}). Install its library, or choose provider cpu.`,
      { cause: error },
    );
  }
  return new EngineError(
    'model',
    `${graphPath} does not load (${reason}). It is damaged or cut short, or its .data file is: copy the folder again.`,
    { cause: error },
  );
}

function cudaLibraryPath(): string {
  const packagePath = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  return join(
    dirname(packagePath),
    'bin/napi-v6',
    process.platform,
    process.arch,
    'libonnxruntime_providers_cuda.so',
  );
}

export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split('\n', 1)[0]?.slice(0, 500) ?? '';
}
