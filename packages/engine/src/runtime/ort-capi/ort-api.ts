import '../turn-off-telemetry.ts';
import koffi, { type KoffiFunc } from 'koffi';

import { EngineError } from '../../engine-error.ts';
import { findOrtLibrary, type OrtLibrary } from './ort-library.ts';
import { pinLibrary } from './pin-library.ts';

/** An address in the library's memory; it stays valid until it is released explicitly. */
export type Pointer = bigint;

/**
 * The functions of the C API that are called here: the index of each in the table that the library
 * returns, and its signature. The table only grows, so an index keeps its function.
 */
const FUNCTIONS = {
  GetErrorMessage: [2, 'const char *(void *status)'],
  CreateEnv: [3, 'void *(int level, const char *id, void *out)'],
  CreateSession: [7, 'void *(void *env, const char *path, void *options, void *out)'],
  CreateSessionFromArray: [
    8,
    'void *(void *env, const void *data, size_t bytes, void *options, void *out)',
  ],
  CreateSessionOptions: [10, 'void *(void *out)'],
  DisableMemPattern: [17, 'void *(void *options)'],
  SetSessionLogSeverityLevel: [22, 'void *(void *options, int level)'],
  SetIntraOpNumThreads: [24, 'void *(void *options, int threads)'],
  SetInterOpNumThreads: [25, 'void *(void *options, int threads)'],
  SessionGetInputCount: [30, 'void *(void *session, void *out)'],
  SessionGetOutputCount: [31, 'void *(void *session, void *out)'],
  SessionGetInputTypeInfo: [33, 'void *(void *session, size_t index, void *out)'],
  SessionGetOutputTypeInfo: [34, 'void *(void *session, size_t index, void *out)'],
  SessionGetInputName: [36, 'void *(void *session, size_t index, void *allocator, void *out)'],
  SessionGetOutputName: [37, 'void *(void *session, size_t index, void *allocator, void *out)'],
  CreateRunOptions: [39, 'void *(void *out)'],
  RunOptionsSetRunLogSeverityLevel: [41, 'void *(void *options, int level)'],
  RunOptionsSetTerminate: [46, 'void *(void *options)'],
  RunOptionsUnsetTerminate: [47, 'void *(void *options)'],
  CreateTensorAsOrtValue: [
    48,
    'void *(void *allocator, void *shape, size_t dimensions, int type, void *out)',
  ],
  CreateTensorWithDataAsOrtValue: [
    49,
    'void *(void *memory, void *data, size_t bytes, void *shape, size_t dimensions, int type, void *out)',
  ],
  GetTensorMutableData: [51, 'void *(void *value, void *out)'],
  CastTypeInfoToTensorInfo: [55, 'void *(void *type, void *out)'],
  GetTensorElementType: [60, 'void *(void *tensor, void *out)'],
  GetDimensionsCount: [61, 'void *(void *tensor, void *out)'],
  GetDimensions: [62, 'void *(void *tensor, void *out, size_t count)'],
  CreateMemoryInfo: [68, 'void *(const char *name, int allocator, int id, int kind, void *out)'],
  CreateCpuMemoryInfo: [69, 'void *(int allocator, int kind, void *out)'],
  AllocatorFree: [76, 'void *(void *allocator, void *data)'],
  GetAllocatorWithDefaultOptions: [78, 'void *(void *out)'],
  ReleaseEnv: [92, 'void (void *env)'],
  ReleaseStatus: [93, 'void (void *status)'],
  ReleaseMemoryInfo: [94, 'void (void *memory)'],
  ReleaseSession: [95, 'void (void *session)'],
  ReleaseValue: [96, 'void (void *value)'],
  ReleaseRunOptions: [97, 'void (void *options)'],
  ReleaseTypeInfo: [98, 'void (void *type)'],
  ReleaseSessionOptions: [100, 'void (void *options)'],
  AddSessionConfigEntry: [130, 'void *(void *options, const char *key, const char *value)'],
  CreateAllocator: [131, 'void *(void *session, void *memory, void *out)'],
  ReleaseAllocator: [132, 'void (void *allocator)'],
  RunWithBinding: [133, 'void *(void *session, void *options, void *binding)'],
  CreateIoBinding: [134, 'void *(void *session, void *out)'],
  ReleaseIoBinding: [135, 'void (void *binding)'],
  BindInput: [136, 'void *(void *binding, const char *name, void *value)'],
  BindOutput: [137, 'void *(void *binding, const char *name, void *value)'],
  SynchronizeBoundOutputs: [203, 'void *(void *binding)'],
  AppendCuda: [204, 'void *(void *options, void *cuda)'],
  CreateCudaOptions: [205, 'void *(void *out)'],
  UpdateCudaOptions: [
    206,
    'void *(void *cuda, const char **keys, const char **values, size_t count)',
  ],
  ReleaseCudaOptions: [208, 'void (void *cuda)'],
  AppendProvider: [
    216,
    'void *(void *options, const char *name, const char **keys, const char **values, size_t count)',
  ],
} as const satisfies Record<string, readonly [index: number, signature: string]>;

type FunctionName = keyof typeof FUNCTIONS;
type Argument = Pointer | number | string | null | ArrayBufferView | readonly string[];

// The API level that the functions above belong to; the library of 1.30 supports 1 to 30.
const API_LEVEL = 30;
const POINTER_BYTES = 8;

/** An error reported by the library; the caller adds what it was doing. */
class OrtFailure extends Error {
  override readonly name = 'OrtFailure';
}

/**
 * ONNX Runtime's C API. Every function that can fail throws `OrtFailure` with the library's
 * message. Nothing is freed automatically: what `create` returns has its own release function.
 */
export class OrtApi {
  readonly #functions: Record<FunctionName, KoffiFunc<(...args: Argument[]) => unknown>>;
  readonly #out = new BigUint64Array(new ArrayBuffer(POINTER_BYTES));

  constructor(table: Pointer) {
    const functions = Object.entries(FUNCTIONS).map(([name, [index, signature]]) => {
      const address: Pointer = koffi.decode(table, POINTER_BYTES * index, 'void *');
      return [name, koffi.decode(address, koffi.proto(signature))];
    });
    this.#functions = Object.fromEntries(functions);
  }

  call(name: FunctionName, ...args: Argument[]): void {
    this.#check(this.#functions[name](...args));
  }

  /**
   * Returns the value that the function writes through its last parameter, which is left out here.
   */
  create(name: FunctionName, ...args: Argument[]): Pointer {
    this.#out[0] = 0n;
    this.call(name, ...args, this.#out);
    return this.#out[0] ?? 0n;
  }

  /**
   * Runs on another thread. Only pointers may be passed: nothing keeps JavaScript's memory alive.
   */
  async callAsync(name: FunctionName, ...args: (Pointer | string)[]): Promise<void> {
    this.#check(await this.#runAsync(name, args));
  }

  /** Like `create`, on another thread. */
  async createAsync(name: FunctionName, ...args: (Pointer | string)[]): Promise<Pointer> {
    const out = new BigUint64Array(new ArrayBuffer(POINTER_BYTES));
    this.#check(await this.#runAsync(name, [...args, out]));
    return out[0] ?? 0n;
  }

  release(name: FunctionName & `Release${string}`, pointer: Pointer): void {
    this.#functions[name](pointer);
  }

  /** A text that the library allocated; this frees it. */
  takeText(text: Pointer, allocator: Pointer): string {
    try {
      return koffi.decode.string(text);
    } finally {
      this.call('AllocatorFree', allocator, text);
    }
  }

  async #runAsync(name: FunctionName, args: readonly Argument[]): Promise<unknown> {
    return await new Promise((resolve, reject) => {
      this.#functions[name].async(...args, (error: unknown, status: unknown) => {
        if (error) reject(error);
        else resolve(status);
      });
    });
  }

  #check(status: unknown): void {
    if (typeof status !== 'bigint') return;
    const message = String(this.#functions.GetErrorMessage(status));
    this.#functions.ReleaseStatus(status);
    throw new OrtFailure(message);
  }
}

let loaded: OrtApi | undefined;

/**
 * Loads the library, once per thread. Throws `EngineError('infra')` if it is missing or of another
 * version.
 */
export function loadOrtApi(): OrtApi {
  loaded ??= load(findOrtLibrary());
  return loaded;
}

function load(library: OrtLibrary): OrtApi {
  if (process.platform === 'win32') {
    // There the library takes paths as UTF-16, which has not been tested here.
    throw new EngineError(
      'infra',
      'The C API is not supported on Windows; choose the stock runtime.',
    );
  }
  let base: Pointer;
  try {
    pinLibrary(library.path);
    base = koffi.load(library.path).func('void *OrtGetApiBase()')();
  } catch (error) {
    throw new EngineError(
      'infra',
      `${library.path} does not load (${String(error)}). Install onnxruntime-node ${library.version} again for this platform.`,
      { cause: error },
    );
  }
  const [getApi, getVersion] = ['void *(uint32_t level)', 'const char *(void)'].map(
    (signature, index) =>
      koffi.decode(koffi.decode(base, POINTER_BYTES * index, 'void *'), koffi.proto(signature)),
  );
  const version = String(getVersion());
  const table: Pointer | null = getApi(API_LEVEL);
  if (version !== library.version || table === null) {
    throw new EngineError(
      'infra',
      `${library.path} is ONNX Runtime ${version}, but its package says ${library.version}. Remove node_modules and install again.`,
    );
  }
  return new OrtApi(table);
}
