import type { TensorDescription } from '../graph-shape.ts';
import type { Target } from '../provider.ts';
import { openCudaDriver } from './cuda-driver.ts';
import type { OrtApi, Pointer } from './ort-api.ts';

const LOG_FATAL = 4;
/** The share of the device's free memory for weights, caches and runs. */
const ARENA_SHARE = 0.98;
const ELEMENT_TYPES = new Map([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [6, 'int32'],
  [7, 'int64'],
  [10, 'float16'],
  [16, 'bfloat16'],
]);

export type OrtSession = {
  pointer: Pointer;
  inputs: readonly TensorDescription[];
  outputs: readonly TensorDescription[];
  close(): void;
};

/**
 * Loads a graph from a file, without blocking this thread, or from its bytes. Throws `OrtFailure`.
 */
export async function openOrtSession(
  api: OrtApi,
  graph: string | Uint8Array,
  { provider, threads, deviceIndex = 0 }: Target,
): Promise<OrtSession> {
  // Errors carry the message; the library's own log would bypass our logger.
  const env = api.create('CreateEnv', LOG_FATAL, 'runfleet');
  const options = api.create('CreateSessionOptions');
  try {
    api.call('SetSessionLogSeverityLevel', options, LOG_FATAL);
    api.call('SetIntraOpNumThreads', options, threads);
    api.call('SetInterOpNumThreads', options, 1);
    // Threads spin for each other within a run; between runs that would take cores from others.
    api.call('AddSessionConfigEntry', options, 'session.force_spinning_stop', '1');
    // Patterns are kept per input shape, and no two steps have the same shape.
    api.call('DisableMemPattern', options);
    if (provider === 'cuda') appendCuda(api, options, deviceIndex);
    if (provider === 'webgpu') api.call('AppendProvider', options, 'WebGPU', [], [], 0);

    const pointer =
      typeof graph === 'string'
        ? await api.createAsync('CreateSession', env, graph, options)
        : api.create('CreateSessionFromArray', env, graph, graph.byteLength, options);
    const close = () => {
      api.release('ReleaseSession', pointer);
      api.release('ReleaseEnv', env);
    };
    try {
      return { pointer, close, ...describe(api, pointer) };
    } catch (error) {
      api.release('ReleaseSession', pointer);
      throw error;
    }
  } catch (error) {
    api.release('ReleaseEnv', env);
    throw error;
  } finally {
    api.release('ReleaseSessionOptions', options);
  }
}

function appendCuda(api: OrtApi, options: Pointer, deviceIndex: number): void {
  const settings: Record<string, string> = {
    device_id: String(deviceIndex),
    // Doubling, the default, would take memory that is planned for slots.
    arena_extend_strategy: 'kSameAsRequested',
    // Failing one run is better than taking the memory that the driver needs.
    gpu_mem_limit: String(Math.floor(openCudaDriver(deviceIndex).freeBytes() * ARENA_SHARE)),
  };
  const keys = Object.keys(settings);
  const cuda = api.create('CreateCudaOptions');
  try {
    api.call('UpdateCudaOptions', cuda, keys, Object.values(settings), keys.length);
    api.call('AppendCuda', options, cuda);
  } finally {
    api.release('ReleaseCudaOptions', cuda);
  }
}

function describe(api: OrtApi, session: Pointer): Pick<OrtSession, 'inputs' | 'outputs'> {
  const allocator = api.create('GetAllocatorWithDefaultOptions');
  const list = (direction: 'Input' | 'Output') =>
    Array.from({ length: Number(api.create(`SessionGet${direction}Count`, session)) }, (_, at) => {
      const text = api.create(`SessionGet${direction}Name`, session, at, allocator);
      const type = api.create(`SessionGet${direction}TypeInfo`, session, at);
      try {
        return { name: api.takeText(text, allocator), ...describeTensor(api, type) };
      } finally {
        api.release('ReleaseTypeInfo', type);
      }
    });
  return { inputs: list('Input'), outputs: list('Output') };
}

function describeTensor(api: OrtApi, type: Pointer): Omit<TensorDescription, 'name'> {
  const tensor = api.create('CastTypeInfoToTensorInfo', type);
  if (tensor === 0n) return { type: 'no tensor', shape: [] };
  const element = Number(api.create('GetTensorElementType', tensor));
  const shape = new BigInt64Array(Number(api.create('GetDimensionsCount', tensor)));
  api.call('GetDimensions', tensor, shape, shape.length);
  return {
    type: ELEMENT_TYPES.get(element) ?? `element type ${element}`,
    // Dimensions that the graph names and leaves open are negative.
    shape: Array.from(shape, (size) => (size < 0n ? undefined : Number(size))),
  };
}
