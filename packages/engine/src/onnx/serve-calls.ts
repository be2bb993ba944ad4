import type { MessagePort } from 'node:worker_threads';

import type { ModelFolder } from '../folder/model-folder.ts';
import { GrammarService } from '../grammar/grammar-service.ts';
import { readVocabulary } from '../grammar/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { toFailure } from '../to-failure.ts';
import { Generation } from './generation.ts';
import { OutputBatch } from './output-batch.ts';
import { Scheduler } from './scheduler.ts';
import type { ThreadCall, ThreadInput, ThreadReport } from './thread-messages.ts';

type Opened = { folder: ModelFolder; runtime: Runtime; note: string; isolation: number };

/**
 * Reports through `port` what was opened, then answers calls until one asks to close. Then it
 * closes the runtime and the port.
 */
export function serveCalls(
  port: MessagePort,
  { folder, runtime, note, isolation }: Opened,
  { promptLookupTokens }: Pick<ThreadInput, 'promptLookupTokens'>,
): void {
  const [short, long] = runtime.slotClasses;
  const contextLength = (long ?? short).tokens;
  const send = (report: ThreadReport) => port.postMessage(report);
  const grammars = new GrammarService(readVocabulary(folder));
  const batch = new OutputBatch(send);
  const scheduler = new Scheduler(runtime, { onTurnEnd: () => batch.turn(), promptLookupTokens });
  const aborts = new Map<number, AbortController>();
  const running = new Set<Promise<void>>();

  const generate = async (call: ThreadCall & { type: 'generate' }) => {
    const { id } = call;
    const abort = new AbortController();
    aborts.set(id, abort);
    try {
      using generation = new Generation(call.request, { ...folder, contextLength, grammars });
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
    await grammars[Symbol.asyncDispose]();
    await runtime[Symbol.asyncDispose]();
    // Once its port is closed, nothing keeps the thread alive.
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
    isolation,
    cacheBytesPerToken: runtime.cacheBytesPerToken,
  });
}
