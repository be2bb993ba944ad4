import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { toBytes } from '../src/builder/matrix-formats.ts';
import { graph, inlineTensor, node, onnxFile, valueInfo } from '../src/onnx-file/onnx-format.ts';
import { openDevice } from '../src/runtime/ort-capi/device.ts';
import { ELEMENTS } from '../src/runtime/ort-capi/elements.ts';
import { openOrtSession } from '../src/runtime/ort-capi/open-ort-session.ts';
import { loadOrtApi, type Pointer } from '../src/runtime/ort-capi/ort-api.ts';
import type { ProviderName } from '../src/runtime/provider.ts';

/** Far more than any cache holds. */
const BYTES = 256 * 2 ** 20;
const ELEMENT = ELEMENTS.float32;
const RUNS = 20;
const WARM_UPS = 3;

/**
 * Bytes a second that the provider's device reads and writes, together, if each element is read,
 * changed and written once: the upper bound for a step that is limited by memory. The best of
 * several runs.
 */
export async function measureCopyBandwidth(
  provider: ProviderName,
  threads: number,
): Promise<number> {
  const work = await mkdtemp(join(tmpdir(), 'runfleet-copy-'));
  try {
    const path = join(work, 'copy.onnx');
    await writeFile(path, copyGraph());
    return await timeCopies(path, provider, threads);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The host reads its second output, one element; only then is the first one certainly complete. */
function copyGraph(): Uint8Array {
  const length = BYTES / ELEMENT.bytes;
  const index = inlineTensor(
    { name: 'index', type: 'int64', dims: [] },
    toBytes(BigInt64Array.of(0n)),
  );
  const message = graph({
    name: 'copy',
    nodes: [
      node('Neg', { name: 'neg', inputs: ['from'], outputs: ['to'] }),
      node('Gather', { name: 'first', inputs: ['to', 'index'], outputs: ['first'] }),
    ],
    initializers: [index],
    inputs: [valueInfo('from', 'float32', [length])],
    outputs: [valueInfo('to', 'float32', [length]), valueInfo('first', 'float32', [])],
  });
  return Buffer.concat(onnxFile(message).chunks);
}

async function timeCopies(path: string, provider: ProviderName, threads: number): Promise<number> {
  const api = loadOrtApi();
  const session = await openOrtSession(api, path, { provider, threads });
  const device = openDevice(api, session.pointer, { provider, threads });
  const values: Pointer[] = [];
  const tensor = (allocator: Pointer, shape: BigInt64Array) => {
    const made = api.create('CreateTensorAsOrtValue', allocator, shape, shape.length, ELEMENT.code);
    values.push(made);
    return made;
  };
  const binding = api.create('CreateIoBinding', session.pointer);
  const options = api.create('CreateRunOptions');
  try {
    const shape = BigInt64Array.of(BigInt(BYTES / ELEMENT.bytes));
    api.call('BindInput', binding, 'from', tensor(device.allocator, shape));
    api.call('BindOutput', binding, 'to', tensor(device.allocator, shape));
    api.call('BindOutput', binding, 'first', tensor(device.hostAllocator, new BigInt64Array(0)));
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < WARM_UPS + RUNS; run += 1) {
      const startedAt = performance.now();
      await api.callAsync('RunWithBinding', session.pointer, options, binding);
      if (run >= WARM_UPS) best = Math.min(best, performance.now() - startedAt);
    }
    return (2 * BYTES) / (best / 1_000);
  } finally {
    api.release('ReleaseRunOptions', options);
    api.release('ReleaseIoBinding', binding);
    for (const value of values) api.release('ReleaseValue', value);
    device.close();
    session.close();
  }
}
