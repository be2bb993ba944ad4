/**
 * The order in which queued tasks are picked: a hint in Redis that is rebuilt from Postgres
 * whenever its mark is not the expected one. `FairQueue` in the scheduler is the reference.
 */
import {
  boundFairTask,
  boundShare,
  boundUsedMs,
  type FairPlace,
  type FairTask,
  lineOrder,
  poolOfLane,
  type Share,
  type TaskInLine,
} from '@runfleet/scheduler';
import type { ChainableCommander, Redis } from 'ioredis';

import { LANE_SECONDS, SCRIPTS } from './fair-index-scripts.ts';
import { indexPrefix, wakeChannel } from './keys.ts';

/** A picked or running task, with its charge. */
export type PickedTask = TaskInLine & Pick<FairTask, 'cost' | 'weight' | 'queuedAt'>;

/** The end of a run. `usedMs`: the slot-milliseconds that it used, 0 if it never began. */
export type Release = TaskInLine & { usedMs: number };

export type LaneLoad = {
  queued: number;
  running: number;
  /** Tenants with queued tasks. */
  tenants: number;
  /**
   * When the oldest queued task was queued, in epoch ms with the precision of a second; null if
   * none is.
   */
  oldestQueuedAt: number | null;
};

export type TenantLoad = Share & { queued: number; running: number };

/** A script with more tasks would block Redis for too long. */
export const TASKS_PER_SCRIPT_MAX = 128;

type Text = string | number;
type Scripts = Record<keyof typeof SCRIPTS, (prefix: string, ...args: Text[]) => Promise<never>>;
type PipelineScripts = Record<
  keyof typeof SCRIPTS,
  (prefix: string, ...args: Text[]) => ChainableCommander
>;

/** Changes of one kind, for `change`. */
export type Changes =
  | { do: 'insert'; tasks: readonly FairTask[] }
  | { do: 'release'; tasks: readonly Release[] }
  | { do: 'withdraw'; tasks: readonly TaskInLine[] };

export class FairIndex {
  readonly #redis: Redis & Scripts;

  constructor(redis: Redis) {
    for (const [name, lua] of Object.entries(SCRIPTS)) {
      redis.defineCommand(name, { numberOfKeys: 1, lua });
    }
    // defineCommand adds the methods at run time, which its types cannot express.
    this.#redis = redis as Redis & Scripts;
  }

  /** Applies changes in the given order and then wakes the pool, in one round trip. */
  async change(lane: string, changes: readonly Changes[]): Promise<void> {
    // As above; a pipeline has the same methods.
    const pipeline = this.#redis.pipeline() as ChainableCommander & PipelineScripts;
    const prefix = indexPrefix(lane);
    for (const { do: verb, tasks } of changes) {
      if (verb === 'insert') pipeline.fairInsert(prefix, ...tasks.flatMap(taskArgs));
      else if (verb === 'release') pipeline.fairRelease(prefix, ...tasks.flatMap(releaseArgs));
      else pipeline.fairWithdraw(prefix, ...tasks.flatMap(nameArgs));
    }
    pipeline.publish(wakeChannel(lane), lane);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }

  /** Returns how many were neither queued nor running. */
  insert(lane: string, tasks: readonly FairTask[]): Promise<number> {
    return this.#sum('fairInsert', lane, tasks, taskArgs);
  }

  /** Returns how many did not count as running yet. */
  restoreRunning(lane: string, tasks: readonly FairTask[]): Promise<number> {
    return this.#sum('fairRestoreRunning', lane, tasks, taskArgs);
  }

  /** Returns how many are queued again. */
  putBack(lane: string, tasks: readonly { taskId: string }[]): Promise<number> {
    return this.#sum('fairPutBack', lane, tasks, ({ taskId }) => [taskId]);
  }

  /** Takes up to `count` tasks, 128 at most. Null if the index does not carry `mark`. */
  async pick(lane: string, mark: string, count: number): Promise<PickedTask[] | null> {
    const picked: string[] | null = await this.#redis.fairPick(
      indexPrefix(lane),
      mark,
      Math.min(count, TASKS_PER_SCRIPT_MAX),
    );
    return picked === null ? null : readPicked(picked);
  }

  async listRunning(
    lane: string,
    cursor: string,
  ): Promise<{ tasks: PickedTask[]; next: string | null }> {
    const [next, ...tasks]: string[] = await this.#redis.fairListRunning(indexPrefix(lane), cursor);
    return { tasks: readPicked(tasks), next: nextCursor(next) };
  }

  /** Returns the number of tenants with tasks whose share changed. */
  setShare(lane: string, shares: readonly Share[]): Promise<number> {
    return this.#sum('fairSetShare', lane, shares, shareArgs);
  }

  async listTenants(
    lane: string,
    cursor: string,
  ): Promise<{ tenants: TenantLoad[]; next: string | null }> {
    const [next, ...fields]: string[] = await this.#redis.fairListTenants(
      indexPrefix(lane),
      cursor,
    );
    const tenants = rows(fields, 5).map(
      ([organisationId = '', queued, running, weight, limit = NO_LIMIT]) => ({
        organisationId,
        queued: Number(queued),
        running: Number(running),
        weight: Number(weight),
        runningLimit: limit === NO_LIMIT ? null : Number(limit),
      }),
    );
    return { tenants, next: nextCursor(next) };
  }

  async readLoad(lane: string): Promise<LaneLoad> {
    const [queued, running, tenants, second]: [number, number, number, string] =
      await this.#redis.fairReadLoad(indexPrefix(lane));
    const oldestQueuedAt = second === '' ? null : Number(second) * 1_000;
    return { queued, running, tenants, oldestQueuedAt };
  }

  async readPlaces(lane: string, tasks: readonly TaskInLine[]): Promise<(FairPlace | null)[]> {
    const places: (FairPlace | null)[] = [];
    for (const batch of batches(tasks)) {
      const answers: [number, number, number][] = await this.#redis.fairReadPlaces(
        indexPrefix(lane),
        ...batch.flatMap(nameArgs),
      );
      for (const [place, ownWorkMs, othersWorkMs] of answers) {
        places.push(place < 0 ? null : { place, ownWorkMs, othersWorkMs });
      }
    }
    return places;
  }

  async clear(lane: string): Promise<void> {
    let cursor = '0';
    for (;;) {
      const [next, isDone]: [string, number] = await this.#redis.fairClear(
        indexPrefix(lane),
        cursor,
      );
      if (isDone === 1) return;
      cursor = next;
    }
  }

  async readMark(lane: string): Promise<string | null> {
    return this.#redis.get(`${indexPrefix(lane)}mark`);
  }

  async writeMark(lane: string, mark: string): Promise<void> {
    const key = `${indexPrefix(lane)}mark`;
    if (poolOfLane(lane) === lane) await this.#redis.set(key, mark);
    else await this.#redis.set(key, mark, 'EX', LANE_SECONDS);
  }

  async #sum<T>(
    script: 'fairInsert' | 'fairRestoreRunning' | 'fairPutBack' | 'fairSetShare',
    lane: string,
    tasks: readonly T[],
    argsOf: (task: T) => Text[],
  ): Promise<number> {
    // All batches are sent at once. Other clients may run between two of them and see only some
    // tasks.
    const counts: number[] = await Promise.all(
      [...batches(tasks)].map((batch) =>
        this.#redis[script](indexPrefix(lane), ...batch.flatMap(argsOf)),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

function* batches<T>(tasks: readonly T[]): Generator<T[]> {
  for (let at = 0; at < tasks.length; at += TASKS_PER_SCRIPT_MAX) {
    yield tasks.slice(at, at + TASKS_PER_SCRIPT_MAX);
  }
}

const NO_LIMIT = '-1';

const nameArgs = (task: TaskInLine) => [task.organisationId, task.taskId, task.fairnessKey];

const releaseArgs = ({ taskId, usedMs }: Release) => [taskId, boundUsedMs(usedMs)];

function taskArgs(task: FairTask): Text[] {
  const bound = boundFairTask(task);
  return [...nameArgs(bound), lineOrder(bound), bound.cost, bound.queuedAt, ...amounts(bound)];
}

const shareArgs = (share: Share) => [share.organisationId, ...amounts(boundShare(share))];

const amounts = ({ weight, runningLimit }: Share) => [weight, runningLimit ?? NO_LIMIT];

function readPicked(fields: readonly string[]): PickedTask[] {
  return rows(fields, 6).map(
    ([taskId = '', organisationId = '', fairnessKey = '', cost, weight, queuedAt]) => ({
      organisationId,
      taskId,
      fairnessKey,
      cost: Number(cost),
      weight: Number(weight),
      queuedAt: Number(queuedAt),
    }),
  );
}

function rows(fields: readonly string[], width: number): string[][] {
  return Array.from({ length: fields.length / width }, (_, row) =>
    fields.slice(row * width, (row + 1) * width),
  );
}

const nextCursor = (cursor: string | undefined) =>
  cursor === undefined || cursor === '0' ? null : cursor;
