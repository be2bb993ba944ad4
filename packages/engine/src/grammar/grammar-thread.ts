// Tenants supply grammars, and some are hard to follow. In a thread of their own they block nothing
// else, and the thread can be ended.
import { setPriority } from 'node:os';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';

import { MaskTurns } from './mask-turns.ts';
import type { GrammarCall, GrammarReport, GrammarThreadInput } from './thread-messages.ts';

/** Lower priority: the model's threads and the main thread matter more if there are few cores. */
const NICENESS = 10;

// On Linux this changes only the calling thread.
if (process.platform === 'linux') setPriority(NICENESS);

const { port, vocabulary, current }: GrammarThreadInput = workerData;
const masks = new MaskTurns(vocabulary, {
  receive: () => receiveMessageOnPort(port)?.message,
  send: (report: GrammarReport) => port.postMessage(report),
  onPath: (path) => Atomics.store(current, 0, path),
});
let isTurning = false;

port.on('message', (call: GrammarCall) => {
  masks.accept(call);
  if (!isTurning) setImmediate(turn);
  isTurning = true;
});
port.postMessage({ type: 'ready' } satisfies GrammarReport);

function turn(): void {
  masks.turn();
  isTurning = !masks.isIdle;
  if (isTurning) setImmediate(turn);
}
