import { explainRunFailure } from '../explain-run-failure.ts';
import type { GraphShape } from '../graph-shape.ts';
import type { ProviderName, Target } from '../provider.ts';
import type { CacheValues } from './cache-store.ts';
import { extractGraph, insertGraph } from './copy-graphs.ts';
import { ELEMENTS } from './elements.ts';
import { type OrtSession, openOrtSession } from './open-ort-session.ts';
import type { OrtApi, Pointer } from './ort-api.ts';

/** Moves slots in and out of a batch on devices whose memory only a graph can copy. */
export class SlotMover {
  readonly #api: OrtApi;
  readonly #provider: ProviderName;
  readonly #insert: OrtSession;
  readonly #extract: OrtSession;
  readonly #hostMemory: Pointer;

  constructor(
    api: OrtApi,
    provider: ProviderName,
    sessions: { insert: OrtSession; extract: OrtSession },
  ) {
    this.#api = api;
    this.#provider = provider;
    this.#insert = sessions.insert;
    this.#extract = sessions.extract;
    this.#hostMemory = api.create('CreateCpuMemoryInfo', 1, 0);
  }

  /** Writes a slot to its position in the batch, whose tensors stay the same. */
  async insert(slot: CacheValues, batch: CacheValues, index: number): Promise<void> {
    await this.#run(this.#insert, index, [1, 1], {
      inputs: [...named('batch', batch), ...named('slot', slot)],
      outputs: named('inserted', batch),
    });
  }

  async extract(batch: CacheValues, slot: CacheValues, index: number): Promise<void> {
    await this.#run(this.#extract, index, [1], {
      inputs: named('batch', batch),
      outputs: named('extracted', slot),
    });
  }

  close(): void {
    this.#insert.close();
    this.#extract.close();
    this.#api.release('ReleaseMemoryInfo', this.#hostMemory);
  }

  async #run(
    session: OrtSession,
    index: number,
    shape: readonly number[],
    edges: { inputs: readonly Edge[]; outputs: readonly Edge[] },
  ): Promise<void> {
    const api = this.#api;
    const position = new BigInt64Array(new ArrayBuffer(ELEMENTS.int64.bytes));
    position[0] = BigInt(index);
    const dimensions = BigInt64Array.from(shape, BigInt);
    const { code, bytes } = ELEMENTS.int64;
    const value = api.create(
      'CreateTensorWithDataAsOrtValue',
      this.#hostMemory,
      position,
      bytes,
      dimensions,
      dimensions.length,
      code,
    );
    const binding = api.create('CreateIoBinding', session.pointer);
    const options = api.create('CreateRunOptions');
    try {
      api.call('BindInput', binding, 'position', value);
      for (const [name, tensor] of edges.inputs) api.call('BindInput', binding, name, tensor);
      for (const [name, tensor] of edges.outputs) api.call('BindOutput', binding, name, tensor);
      await api.callAsync('RunWithBinding', session.pointer, options, binding);
    } catch (error) {
      throw explainRunFailure(error, this.#provider);
    } finally {
      api.release('ReleaseRunOptions', options);
      api.release('ReleaseIoBinding', binding);
      api.release('ReleaseValue', value);
    }
  }
}

/** Throws `OrtFailure` if the provider cannot copy in a graph. */
export async function openSlotMover(
  api: OrtApi,
  shape: GraphShape,
  options: Target,
): Promise<SlotMover> {
  const { caches, cacheType } = shape;
  const insert = await openOrtSession(api, insertGraph(caches.length, cacheType), options);
  try {
    const extract = await openOrtSession(api, extractGraph(caches.length, cacheType), options);
    return new SlotMover(api, options.provider, { insert, extract });
  } catch (error) {
    insert.close();
    throw error;
  }
}

type Edge = readonly [name: string, tensor: Pointer];

function named(name: string, tensors: CacheValues): Edge[] {
  return tensors.map((tensor, at) => [`${name}.${at}`, tensor]);
}
