import { isDeepStrictEqual } from 'node:util';

import type { TaskQueue } from '@runfleet/queue';

import type { Recording } from '../recording.ts';
import type { RedisOperation } from '../servers/redis-operation.ts';

/** Repeats a life's index operations on Redis. Throws if a pick or a count differs. */
export async function replayRedis(
  redis: { queue: TaskQueue; flush(): Promise<void> },
  recording: Recording,
): Promise<number> {
  const index = new RealIndex(redis.queue);
  for (const [at, step] of recording.redisSteps.entries()) {
    if (step.do === 'operation') {
      const actual = await index.apply(step.operation);
      const expected = comparable(step.answer);
      if (actual !== undefined && !isDeepStrictEqual(actual, expected)) {
        const detail = JSON.stringify({ operation: step.operation, expected, actual });
        throw new Error(`Redis operation ${at} got another answer: ${detail}`);
      }
    } else {
      await redis.flush();
      index.forget();
      if (step.do === 'restore') for (const one of step.operations) await index.apply(one);
    }
  }
  return recording.redisSteps.length;
}

/** The verbs of the simulated data on the real queue. Returns undefined if there is nothing to compare. */
class RealIndex {
  readonly #queue: TaskQueue;
  readonly #marks = new Map<string, string>();

  constructor(queue: TaskQueue) {
    this.#queue = queue;
  }

  forget(): void {
    this.#marks.clear();
  }

  async apply({ verb, args }: RedisOperation): Promise<unknown> {
    const queue = this.#queue;
    switch (verb) {
      case 'insert':
        return queue.insert(...args);
      case 'pick': {
        const [pool, count] = args;
        const picked = await queue.pick(pool, this.#marks.get(pool) ?? '', count);
        return picked?.map(({ taskId }) => taskId) ?? null;
      }
      case 'putBack':
        return queue.putBack(...args);
      case 'restoreRunning':
        return queue.restoreRunning(...args);
      case 'release': {
        const [pool, run] = args;
        queue.release({ ...run, lane: pool });
        return this.#untilSent();
      }
      case 'withdraw': {
        const [pool, task] = args;
        queue.withdraw({ ...task, lane: pool });
        return this.#untilSent();
      }
      case 'writeMark': {
        const [pool, mark] = args;
        this.#marks.set(pool, mark);
        return queue.writeMark(pool, mark);
      }
      case 'clear':
        this.#marks.delete(args[0]);
        return queue.clear(...args);
      case 'putTickets':
      case 'dropTicket':
      case 'dropInbox':
        return undefined;
    }
  }

  /** Release and withdraw are not awaited; a later call on the same connection returns after them. */
  async #untilSent(): Promise<undefined> {
    await this.#queue.check();
  }
}

function comparable(answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  return (answer as { taskId: string }[]).map(({ taskId }) => taskId);
}
