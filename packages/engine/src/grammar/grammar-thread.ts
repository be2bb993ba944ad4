// Tenants supply grammars, and some are hard to follow. In a thread of their own they block nothing
// else, and the thread can be ended.
import { setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';

import { toFailure } from '../to-failure.ts';
import { GrammarPath } from './grammar-path.ts';
import { Grammars } from './grammars.ts';
import type { Slices } from './slices.ts';
import type { GrammarCall, GrammarReport, GrammarThreadInput } from './thread-messages.ts';

/** Lower priority: the model's threads and the main thread matter more if there are few cores. */
const NICENESS = 10;

// On Linux this changes only the calling thread.
if (process.platform === 'linux') setPriority(NICENESS);

const { port, vocabulary, current }: GrammarThreadInput = workerData;
const grammars = new Grammars(vocabulary);
const paths = new Map<number, GrammarPath>();

/** A mask that is being built. One slice of each is done in turn, so a hard one delays no other. */
type Job = { path: number; step: number; slices: Slices<Int32Array> };
const jobs: Job[] = [];
let isTurning = false;

port.on('message', (call: GrammarCall) => {
  if (call.type === 'close') {
    paths.delete(call.path);
    const at = jobs.findIndex(({ path }) => path === call.path);
    // Ended, so that the grammar can build its next mask.
    if (at >= 0) jobs.splice(at, 1)[0]?.slices.return(new Int32Array());
    return;
  }
  jobs.push({
    path: call.path,
    step: call.step,
    slices: call.type === 'open' ? openPath(call) : takeToken(call),
  });
  if (!isTurning) setImmediate(turn);
  isTurning = true;
});
send({ type: 'ready' });

function turn(): void {
  const job = jobs.shift();
  if (job) {
    Atomics.store(current, 0, job.path);
    try {
      const { done, value } = job.slices.next();
      if (done) send({ type: 'mask', path: job.path, step: job.step, mask: value });
      else jobs.push(job);
    } catch (error) {
      paths.delete(job.path);
      send({ type: 'failed', path: job.path, failure: toFailure(error) });
    }
  }
  isTurning = jobs.length > 0;
  if (isTurning) setImmediate(turn);
}

function* takeToken({ path: id, id: token }: GrammarCall & { type: 'take' }): Slices<Int32Array> {
  const path = paths.get(id);
  // It failed before this call arrived.
  if (!path) return new Int32Array();
  path.take(token);
  return yield* path.maskInSlices();
}

/** Continues a path that another thread had begun. */
function* openPath(call: GrammarCall & { type: 'open' }): Slices<Int32Array> {
  const path = new GrammarPath(grammars.open(call.grammar));
  for (const taken of call.ids) {
    yield* path.maskInSlices();
    path.take(taken);
  }
  paths.set(call.path, path);
  return yield* path.maskInSlices();
}

function send(report: GrammarReport): void {
  port.postMessage(report);
}
