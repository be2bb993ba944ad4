// The engine's thread like `src/onnx/engine-thread.ts`, with a second port for bare runs of its
// runtime: the same session and the same memory that the engine's answers are compared with.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

import type { OnnxEngineSpec } from '../../src/engine.ts';
import { readModelFolder } from '../../src/folder/model-folder.ts';
import { serveCalls } from '../../src/onnx/serve-calls.ts';
import { openRuntime } from '../../src/runtime/open-runtime.ts';
import { type Decoded, type Decoding, promptIds, TokenClock } from '../protocol.ts';

if (!parentPort) throw new Error('engine-thread.ts is started by runfleet.ts.');
const { spec, barePort }: { spec: OnnxEngineSpec; barePort: MessagePort } = workerData;
const folder = await readModelFolder(spec.modelDir);
const { runtime, note } = await openRuntime(folder, spec);
serveCalls(parentPort, { folder, runtime, note, isolation: 0 }, spec);
barePort.on('message', (request: Decoding) => {
  void bare(request).then((decoded) => barePort.postMessage(decoded));
});

/**
 * No answer may be under way. The slots keep its tokens without a scope, so no answer reuses them.
 */
async function bare({ batch, contextTokens, tokens }: Decoding): Promise<Decoded> {
  for (let slot = 0; slot < batch; slot += 1) {
    runtime.rewind(slot, 0);
    await prefill(slot, promptIds(slot, contextTokens));
  }
  const clock = new TokenClock({ batch, tokens });
  for (let step = 0; step < tokens; step += 1) {
    const length = contextTokens + step;
    const rows = Array.from({ length: batch }, (_, slot) => ({ slot, id: 500, length }));
    await runtime.decode(rows);
    for (const { slot } of rows) clock.count(slot);
  }
  return clock.end();
}

async function prefill(slot: number, ids: readonly number[]): Promise<void> {
  for (let start = 0; start < ids.length;) {
    const chunk = ids.slice(start, start + runtime.chunkTokensMax(start));
    await runtime.prefillChunk(slot, chunk, start);
    start += chunk.length;
  }
}
