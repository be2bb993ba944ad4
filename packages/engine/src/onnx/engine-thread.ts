// The engine's own thread: a model run blocks it for as long as a step takes, and nobody else.
import { parentPort, workerData } from 'node:worker_threads';

import { EngineError } from '../engine-error.ts';
import { readModelFolder } from '../folder/model-folder.ts';
import { Grammars } from '../grammar/grammars.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import { Generation } from './generation.ts';
import { OutputBatch } from './output-batch.ts';
import { Scheduler } from './scheduler.ts';
import type { ThreadCall, ThreadFailure, ThreadInput, ThreadNotice } from './thread-messages.ts';

if (!parentPort) throw new Error('engine-thread.ts is started by OnnxEngine.');
const port = parentPort;
const spec: ThreadInput = workerData;
const send = (notice: ThreadNotice) => port.postMessage(notice);

try {
  await serve();
} catch (error) {
  send({ type: 'refused', failure: toFailure(error) });
  port.close();
}

async function serve(): Promise<void> {
  const folder = await readModelFolder(spec.modelDir);
  const { runtime, note } = await openRuntime(folder, spec);
  const [short, long] = runtime.slotClasses;
  const contextLength = (long ?? short).tokens;
  const grammars = new Grammars(folder);
  grammars.warmUp();
  const batch = new OutputBatch(send);
  const scheduler = new Scheduler(runtime, {
    onTurnEnd: () => batch.turn(),
    promptLookupTokens: spec.promptLookupTokens,
  });
  const aborts = new Map<number, AbortController>();
  const running = new Set<Promise<void>>();

  const generate = async (call: ThreadCall & { type: 'generate' }) => {
    const { id } = call;
    const abort = new AbortController();
    aborts.set(id, abort);
    try {
      const generation = new Generation(call.request, { ...folder, contextLength, grammars });
      const result = await scheduler.run(generation, (chunk) => batch.add(id, chunk), abort.signal);
      batch.end({ id, type: 'finished', result });
    } catch (error) {
      if (abort.signal.aborted) batch.end({ id, type: 'aborted' });
      else batch.end({ id, type: 'failed', failure: toFailure(error) });
    } finally {
      aborts.delete(id);
    }
  };

  const close = async () => {
    for (const abort of aborts.values()) abort.abort();
    await Promise.all(running);
    await runtime[Symbol.asyncDispose]();
    // With its port closed, nothing keeps the thread alive.
    port.close();
  };

  port.on('message', (call: ThreadCall) => {
    if (call.type === 'generate') {
      const run = generate(call).finally(() => running.delete(run));
      running.add(run);
    } else if (call.type === 'abort') {
      aborts.get(call.id)?.abort();
    } else {
      void close();
    }
  });
  send({
    type: 'opened',
    provider: runtime.provider,
    device: runtime.device,
    note,
    slots: short.count,
    contextLength,
    cacheBytesPerToken: runtime.cacheBytesPerToken,
  });
}

function toFailure(error: unknown): ThreadFailure {
  if (error instanceof EngineError) return { kind: error.kind, message: error.message };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'infra', message: `The engine failed unexpectedly: ${message}` };
}
