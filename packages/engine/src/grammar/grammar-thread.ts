// Grammars are their callers' own, and some are hard to follow: here that blocks nobody else, and can be ended.
import { setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';

import { toFailure } from '../to-failure.ts';
import { GrammarPath } from './grammar-path.ts';
import { Grammars } from './grammars.ts';
import type { GrammarCall, GrammarNotice, GrammarThreadInput } from './thread-messages.ts';

/** The model's threads and the main one come first where cores are few. */
const NICENESS = 10;

// On Linux this is the calling thread's alone.
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
    tell({ type: 'mask', path: call.path, step: call.step, mask: path.mask() });
  } catch (error) {
    paths.delete(call.path);
    tell({ type: 'failed', path: call.path, failure: toFailure(error) });
  }
});
tell({ type: 'ready' });

/** A path that another thread had followed goes on where it was. */
function open({ path: id, grammar, ids }: GrammarCall & { type: 'open' }): GrammarPath {
  const path = new GrammarPath(grammars.open(grammar));
  for (const taken of ids) {
    path.mask();
    path.take(taken);
  }
  paths.set(id, path);
  return path;
}

function tell(notice: GrammarNotice): void {
  port.postMessage(notice);
}
