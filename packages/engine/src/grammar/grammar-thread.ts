// Tenants supply grammars, and some are hard to follow. In a thread of their own they block nothing
// else, and the thread can be ended.
import { setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';

import { toFailure } from '../to-failure.ts';
import { GrammarPath } from './grammar-path.ts';
import { Grammars } from './grammars.ts';
import type { GrammarCall, GrammarReport, GrammarThreadInput } from './thread-messages.ts';

/** Lower priority: the model's threads and the main thread matter more if there are few cores. */
const NICENESS = 10;

// On Linux this changes only the calling thread.
if (process.platform === 'linux') setPriority(NICENESS);

const { port, vocabulary }: GrammarThreadInput = workerData;
const grammars = new Grammars(vocabulary);
const paths = new Map<number, GrammarPath>();

port.on('message', (call: GrammarCall) => {
  if (call.type === 'close') {
    paths.delete(call.path);
    return;
  }
  try {
    const path = call.type === 'open' ? open(call) : paths.get(call.path);
    if (!path) return;
    if (call.type === 'take') path.take(call.id);
    send({ type: 'mask', path: call.path, step: call.step, mask: path.mask() });
  } catch (error) {
    paths.delete(call.path);
    send({ type: 'failed', path: call.path, failure: toFailure(error) });
  }
});
send({ type: 'ready' });

/** Continues a path that another thread had begun. */
function open({ path: id, grammar, ids }: GrammarCall & { type: 'open' }): GrammarPath {
  const path = new GrammarPath(grammars.open(grammar));
  for (const taken of ids) {
    path.mask();
    path.take(taken);
  }
  paths.set(id, path);
  return path;
}

function send(report: GrammarReport): void {
  port.postMessage(report);
}
