import { isDeepStrictEqual } from 'node:util';

import { FairQueue, type FairTask } from '@runfleet/scheduler';
import { type FairOperation, fairTrace, seededRandom } from '@runfleet/scheduler/testing';
import { testWithRedis as test } from '@runfleet/testing';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import { FairIndex } from './fair-index.ts';

/** The least number of operations, counted per task; a script call applies one to several tasks. */
const OPERATIONS = 100_000;
const CHUNK_OPERATIONS = 250;
const POOL = 'pool';

/**
 * To replay a failure: `FAIR_SEED=<seed of its message> npx vitest run
 * packages/queue/src/fair-index-agreement`.
 */
// oxlint-disable-next-line node/no-process-env -- the seed to replay is set on the command line.
const SEED = Number(process.env['FAIR_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

test(`Redis and the reference agree on ${OPERATIONS} random operations, seed ${SEED}`, async ({
  redisUrl,
}) => {
  const redis = new Redis(redisUrl);
  const index = new FairIndex(redis);
  const random = seededRandom(SEED);
  const reference = new Reference();
  const counts: Record<string, number> = { rest: 0 };
  let chunk: { operation: FairOperation; expected: unknown }[] = [];

  const compare = async () => {
    const answers = await Promise.all(chunk.map(({ operation }) => ask(index, operation)));
    for (const [at, { operation, expected }] of chunk.entries()) {
      // Calling expect for each of the answers would dominate the run time.
      if (isDeepStrictEqual(answers[at], expected)) continue;
      expect(answers[at], `seed ${SEED}: ${JSON.stringify(operation)}`).toEqual(expected);
    }
    chunk = [];
    const { queued, running } = await index.readLoad(POOL);
    expect([queued, running]).toEqual([reference.queued.size, reference.running.size]);
    // Reading the load deletes the mark of an index whose counts disagree.
    expect(await index.readMark(POOL)).toBe('m');
  };

  await index.writeMark(POOL, 'm');
  let done = 0;
  for (const operation of fairTrace(random, reference, { tenants: 40 })) {
    counts[operation.do] = (counts[operation.do] ?? 0) + 1;
    if (operation.do === 'wipe') {
      await compare();
      if (random() < 0.5) await index.clear(POOL);
      else await redis.flushdb();
      await index.writeMark(POOL, 'm');
      // Longer than one script call: other operations may come between two of them.
      for (const filling of reference.rebuild()) {
        chunk = [filling];
        await compare();
      }
    } else {
      chunk.push({ operation, expected: reference.apply(operation) });
      if (reference.queued.size + reference.running.size === 0)
        counts['rest'] = (counts['rest'] ?? 0) + 1;
    }
    if (chunk.length >= CHUNK_OPERATIONS) await compare();
    done += sizeOf(operation);
    if (done >= OPERATIONS) break;
  }
  await compare();
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(20);
  redis.disconnect();
}, 120_000);

function ask(index: FairIndex, operation: FairOperation): Promise<unknown> {
  switch (operation.do) {
    case 'insert':
      return index.insert(POOL, operation.tasks);
    case 'restoreRunning':
      return index.restoreRunning(POOL, operation.tasks);
    case 'pick':
      return index.pick(POOL, 'm', operation.count).then((picked) => picked?.map(nameOf));
    case 'putBack':
      return index.putBack(
        POOL,
        operation.taskIds.map((taskId) => ({ taskId })),
      );
    case 'release':
      return index.change(POOL, [
        { do: 'release', tasks: operation.runs.map(({ task, usedMs }) => ({ ...task, usedMs })) },
      ]);
    case 'setShare':
      return index.setShare(POOL, operation.shares);
    case 'withdraw':
      return index.change(POOL, [{ do: 'withdraw', tasks: operation.tasks }]);
    case 'wipe':
      throw new Error('A wipe is more than one call.');
  }
}

function sizeOf(operation: FairOperation): number {
  switch (operation.do) {
    case 'insert':
    case 'restoreRunning':
    case 'withdraw':
      return operation.tasks.length;
    case 'pick':
      return operation.count;
    case 'putBack':
      return operation.taskIds.length;
    case 'setShare':
      return operation.shares.length;
    case 'release':
      return operation.runs.length;
    case 'wipe':
      return 1;
  }
}

const nameOf = ({ organisationId, fairnessKey, taskId }: { [K in keyof FairTask]?: FairTask[K] }) =>
  `${organisationId}/${fairnessKey}/${taskId}`;

/** The scheduler's queue, and the queued and running tasks. */
class Reference {
  readonly queued = new Map<string, FairTask>();
  readonly running = new Map<string, FairTask>();
  readonly #queue = new FairQueue();

  /** Applies an operation and returns the answer that the index must give. */
  apply(operation: FairOperation): unknown {
    switch (operation.do) {
      case 'insert':
        return count(operation.tasks, (task) => {
          const isNew = this.#queue.insert(task);
          if (isNew) this.queued.set(task.taskId, task);
          return isNew;
        });
      case 'restoreRunning':
        return count(operation.tasks, (task) => {
          const isNew = this.#queue.restoreRunning(task);
          if (isNew) this.#move(task, this.running);
          return isNew;
        });
      case 'pick':
        return this.#pick(operation.count).map(nameOf);
      case 'putBack':
        return count(operation.taskIds, (taskId) => {
          const task = this.running.get(taskId);
          if (!this.#queue.putBack(taskId)) return false;
          if (task) this.#move(task, this.queued);
          return true;
        });
      case 'release':
        for (const { task, usedMs } of operation.runs) {
          if (this.#queue.release(task.taskId, usedMs)) this.#move(task, null);
        }
        return undefined;
      case 'setShare':
        return count(operation.shares, (share) => this.#queue.setShare(share));
      case 'withdraw':
        for (const task of operation.tasks) {
          if (this.#queue.withdraw(task.taskId)) this.#move(task, null);
        }
        return undefined;
      case 'wipe':
        throw new Error('A wipe is more than one operation.');
    }
  }

  /** Clears the queue and yields the operations that fill it again, the runs first. */
  *rebuild(): Generator<{ operation: FairOperation; expected: unknown }> {
    this.#queue.clear();
    const [runs, queued] = [[...this.running.values()], [...this.queued.values()]];
    this.running.clear();
    this.queued.clear();
    for (const operation of [
      { do: 'restoreRunning' as const, tasks: runs },
      { do: 'insert' as const, tasks: queued },
    ]) {
      yield { operation, expected: this.apply(operation) };
    }
  }

  #pick(limit: number): FairTask[] {
    const picked: FairTask[] = [];
    while (picked.length < limit) {
      const task = this.#queue.pick();
      if (!task) break;
      this.#move(task, this.running);
      picked.push(task);
    }
    return picked;
  }

  #move(task: FairTask, to: Map<string, FairTask> | null): void {
    this.queued.delete(task.taskId);
    this.running.delete(task.taskId);
    to?.set(task.taskId, task);
  }
}

function count<T>(items: readonly T[], isCounted: (item: T) => boolean): number {
  return items.filter(isCounted).length;
}
