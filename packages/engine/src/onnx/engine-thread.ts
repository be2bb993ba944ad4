// The engine's own thread: a model run blocks it for as long as a step takes, and nothing else.
import { parentPort, workerData } from 'node:worker_threads';

import { readModelFolder } from '../folder/model-folder.ts';
import { measureIsolation } from '../runtime/measure-isolation.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import { toFailure } from '../to-failure.ts';
import { serveCalls } from './serve-calls.ts';
import type { ThreadInput, ThreadReport } from './thread-messages.ts';

if (!parentPort) throw new Error('engine-thread.ts is started by openOnnxEngine.');
const port = parentPort;
const spec: ThreadInput = workerData;

try {
  const folder = await readModelFolder(spec.modelDir);
  const { runtime, note } = await openRuntime(folder, spec);
  const isolation = await measureIsolation(runtime);
  serveCalls(port, { folder, runtime, note, isolation }, spec);
} catch (error) {
  port.postMessage({ type: 'refused', failure: toFailure(error) } satisfies ThreadReport);
  port.close();
}
