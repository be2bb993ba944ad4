import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { toBytes } from '../src/builder/matrix-formats.ts';
import { graph, inlineTensor, node, onnxFile, valueInfo } from '../src/onnx-file/onnx-format.ts';
import type { ProtobufWriter } from '../src/onnx-file/protobuf-writer.ts';
import { openDevice } from '../src/runtime/ort-capi/device.ts';
import { ELEMENTS } from '../src/runtime/ort-capi/elements.ts';
import { openOrtSession } from '../src/runtime/ort-capi/open-ort-session.ts';
import { loadOrtApi, type Pointer } from '../src/runtime/ort-capi/ort-api.ts';
import type { ProviderName } from '../src/runtime/provider.ts';

/** Far more than any cache holds. */
const BYTES = 256 * 2 ** 20;
const ELEMENT = ELEMENTS.float32;
/** Each thread sums rows of its own. */
const ROWS = 2 ** 14;
const COLUMNS = BYTES / ELEMENT.bytes / ROWS;
const RUNS = 20;
const WARM_UPS = 3;

type Stream = { output: readonly number[]; bytes: number; nodes: ProtobufWriter[] };

/** Each element is read, changed and written once. */
const COPY: Stream = {
  output: [ROWS, COLUMNS],
  bytes: 2 * BYTES,
  nodes: [node('Neg', { name: 'neg', inputs: ['from'], outputs: ['to'] })],
};
/** Each element is read once. */
const READ: Stream = {
  output: [ROWS, 1],
  bytes: BYTES,
  nodes: [node('ReduceSum', { name: 'sum', inputs: ['from', 'columns'], outputs: ['to'] })],
};

/**
 * Bytes a second that the provider's device reads and writes, together: the upper bound for a step
 * that is limited by memory. The best of several runs.
 */
export async function measureCopyBandwidth(
  provider: ProviderName,
  threads: number,
): Promise<number> {
  return await measureStream(COPY, provider, threads);
}

/** Bytes a second that it reads: the bound for a step of a CPU, which hardly writes. */
export async function measureReadBandwidth(
  provider: ProviderName,
  threads: number,
): Promise<number> {
  return await measureStream(READ, provider, threads);
}

async function measureStream(
  stream: Stream,
  provider: ProviderName,
  threads: number,
): Promise<number> {
  const work = await mkdtemp(join(tmpdir(), 'runfleet-stream-'));
  try {
    const path = join(work, 'stream.onnx');
    await writeFile(path, graphOf(stream));
    return await timeRuns(path, stream, provider, threads);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The host reads its second output, one row; only then is the first one certainly complete. */
function graphOf({ output, nodes }: Stream): Uint8Array {
  const number = (name: string, dims: readonly number[], value: bigint) =>
    inlineTensor({ name, type: 'int64', dims }, toBytes(BigInt64Array.of(value)));
  const message = graph({
    name: 'stream',
    nodes: [
      ...nodes,
      node('Gather', { name: 'first', inputs: ['to', 'index'], outputs: ['first'] }),
    ],
    initializers: [number('index', [], 0n), number('columns', [1], 1n)],
    inputs: [valueInfo('from', 'float32', [ROWS, COLUMNS])],
    outputs: [valueInfo('to', 'float32', output), valueInfo('first', 'float32', output.slice(1))],
  });
  return Buffer.concat(onnxFile(message).chunks);
}

async function timeRuns(
  path: string,
  { output, bytes }: Stream,
  provider: ProviderName,
  threads: number,
): Promise<number> {
  const api = loadOrtApi();
  const session = await openOrtSession(api, path, { provider, threads });
  const device = openDevice(api, session.pointer, { provider, threads });
  const values: Pointer[] = [];
  const tensor = (allocator: Pointer, dims: readonly number[]) => {
    const shape = BigInt64Array.from(dims, BigInt);
    const made = api.create('CreateTensorAsOrtValue', allocator, shape, shape.length, ELEMENT.code);
    values.push(made);
    return made;
  };
  const binding = api.create('CreateIoBinding', session.pointer);
  const options = api.create('CreateRunOptions');
  try {
    api.call('BindInput', binding, 'from', tensor(device.allocator, [ROWS, COLUMNS]));
    api.call('BindOutput', binding, 'to', tensor(device.allocator, output));
    api.call('BindOutput', binding, 'first', tensor(device.hostAllocator, output.slice(1)));
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < WARM_UPS + RUNS; run += 1) {
      const startedAt = performance.now();
      await api.callAsync('RunWithBinding', session.pointer, options, binding);
      if (run >= WARM_UPS) best = Math.min(best, performance.now() - startedAt);
    }
    return bytes / (best / 1_000);
  } finally {
    api.release('ReleaseRunOptions', options);
    api.release('ReleaseIoBinding', binding);
    for (const value of values) api.release('ReleaseValue', value);
    device.close();
    session.close();
  }
}
