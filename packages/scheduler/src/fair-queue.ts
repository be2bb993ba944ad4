/**
 * The order in which the queued tasks of a pool are picked: start-time fair queueing of slot-time.
 * Pure and without a real clock. It is the reference for the Redis implementation, which picks
 * exactly the same tasks.
 *
 * Time is virtual: slot-milliseconds per unit of weight. A tenant's tag is the virtual time at
 * which its next task starts. A pick takes the tenant with the lowest tag, sets the pool's clock to
 * that tag, and advances the tag by the task's expected cost divided by the tenant's weight. Over
 * time, waiting tenants get slot-time in proportion to their weights, whatever their tasks cost and
 * however many they queue. When a run ends, the tag is corrected by the difference between the time
 * that it used and the expected cost. A tenant that returns after an absence starts at the clock:
 * an unused share is not saved up.
 *
 * Within a tenant, the same rule orders its fairness keys, all with equal weight. Within the line
 * of a key, tasks are ordered by time of queueing minus a bounded head start. A tenant at its limit
 * of running tasks is parked: it is removed from the turns until one of its runs ends.
 *
 * A tenant at rest, with no queued and no running tasks, keeps its tag until the clock has passed
 * it. When a whole pool, or all keys of a tenant, are at rest, everything starts again equal,
 * because no one waited while others were served. Tags are integers, so that undoing a pick is
 * exact.
 */
import assert from 'node:assert';

import { FairQueueHeap } from './fair-queue-heap.ts';
import {
  boundFairTask,
  boundShare,
  boundUsedMs,
  type FairTask,
  KEYS_AT_REST_MAX,
  lineOrder,
  type Share,
} from './fair-queue-task.ts';

/**
 * A task's place in its line (0 = next), and the expected slot-ms of work that is picked before it.
 */
export type FairPlace = { place: number; ownWorkMs: number; othersWorkMs: number };

type Key = { tag: number; line: FairQueueHeap };

type Tenant = {
  id: string;
  tag: number;
  weight: number;
  runningLimit: number | null;
  queued: number;
  running: number;
  /** The start tag of its last pick among its keys. */
  clock: number;
  /** Keys in turn, and keys at rest that its clock has not passed. */
  keys: Map<string, Key>;
  turns: FairQueueHeap;
  rests: FairQueueHeap;
};

type Run = { task: FairTask; weight: number; keyFinish: number };

export class FairQueue {
  #clock = 0;
  readonly #tenants = new Map<string, Tenant>();
  readonly #turns = new FairQueueHeap(compareText);
  readonly #rests = new FairQueueHeap(compareText);
  readonly #queued = new Map<string, FairTask>();
  readonly #running = new Map<string, Run>();

  get queued(): number {
    return this.#queued.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /**
   * The tenants that are remembered: those with tasks, and those whose tag is ahead of the clock.
   */
  get tenants(): number {
    return this.#tenants.size;
  }

  /** Queues a task. False if it is already queued or running. */
  insert(given: FairTask): boolean {
    if (this.#queued.has(given.taskId) || this.#running.has(given.taskId)) return false;
    const task = boundFairTask(given);
    this.#change(task.organisationId, (tenant) => {
      tenant.weight = task.weight;
      tenant.runningLimit = task.runningLimit;
      this.#enqueue(tenant, task);
    });
    return true;
  }

  /** Takes the next task, which counts as running from then on; null if no tenant is in turn. */
  pick(): FairTask | null {
    const turn = this.#turns.first();
    if (!turn) return null;
    this.#clock = Math.max(this.#clock, turn.at);
    let picked: FairTask | null = null;
    this.#change(turn.id, (tenant) => {
      const { id: fairnessKey, at: start } = must(tenant.turns.first());
      tenant.clock = Math.max(tenant.clock, start);
      const task = must(this.#queued.get(must(this.#line(tenant, fairnessKey).first()).id));
      const keyFinish = start + task.cost;
      this.#dequeue(tenant, task);
      this.#tagKey(tenant, fairnessKey, keyFinish);
      tenant.tag += charge(task.cost, tenant.weight);
      this.#run(tenant, { task, weight: tenant.weight, keyFinish });
      picked = task;
    });
    this.#forgetPassed();
    return picked;
  }

  /** Undoes the pick of a task that got no slot. False if it is not running. */
  putBack(taskId: string): boolean {
    const run = this.#running.get(taskId);
    if (!run) return false;
    const { task, weight, keyFinish } = run;
    this.#running.delete(taskId);
    this.#change(
      task.organisationId,
      (tenant) => {
        tenant.running -= 1;
        tenant.tag -= charge(task.cost, weight);
        const tag = (tenant.keys.get(task.fairnessKey)?.tag ?? keyFinish) - task.cost;
        this.#enqueue(tenant, task);
        this.#tagKey(tenant, task.fairnessKey, tag);
      },
      { returns: true },
    );
    return true;
  }

  /** Ends a run that used `usedMs` slot-ms. False, without effect, if the task is not running. */
  release(taskId: string, usedMs: number): boolean {
    const run = this.#running.get(taskId);
    if (!run) return false;
    const { task, weight, keyFinish } = run;
    const used = boundUsedMs(usedMs);
    this.#running.delete(taskId);
    this.#change(task.organisationId, (tenant) => {
      tenant.running -= 1;
      tenant.tag += share(used, weight) - charge(task.cost, weight);
      const tag = tenant.keys.get(task.fairnessKey)?.tag ?? keyFinish;
      this.#tagKey(tenant, task.fairnessKey, tag + used - task.cost);
    });
    this.#forgetAtRest();
    return true;
  }

  /** Removes a queued task, or ends a running one with no use. False if it is neither. */
  withdraw(taskId: string): boolean {
    const task = this.#queued.get(taskId);
    if (!task) return this.release(taskId, 0);
    this.#change(task.organisationId, (tenant) => this.#dequeue(tenant, task));
    this.#forgetAtRest();
    return true;
  }

  /**
   * Counts a task as running that a worker already runs, and charges it as if it were picked at the
   * current clock. A queued task leaves its line. False if it already counted as running.
   */
  restoreRunning(given: FairTask): boolean {
    if (this.#running.has(given.taskId)) return false;
    const task = boundFairTask(given);
    this.#change(task.organisationId, (tenant) => {
      const start = this.#turns.get(tenant.id) ?? Math.max(this.#clock, tenant.tag);
      const inLine = this.#queued.get(task.taskId);
      if (inLine) this.#dequeue(tenant, inLine);
      const { weight } = task;
      tenant.weight = weight;
      tenant.runningLimit = task.runningLimit;
      tenant.tag = start + charge(task.cost, weight);
      const keyFinish = (tenant.keys.get(task.fairnessKey)?.tag ?? tenant.clock) + task.cost;
      this.#tagKey(tenant, task.fairnessKey, keyFinish);
      this.#run(tenant, { task, weight, keyFinish });
    });
    return true;
  }

  /** Changes a tenant's share. False if it has no tasks or already has that share. */
  setShare(given: Share): boolean {
    const { organisationId, weight, runningLimit } = boundShare(given);
    const tenant = this.#tenants.get(organisationId);
    if (!tenant || tenant.queued + tenant.running === 0) return false;
    if (tenant.weight === weight && tenant.runningLimit === runningLimit) return false;
    this.#change(organisationId, (changed) => {
      changed.weight = weight;
      changed.runningLimit = runningLimit;
    });
    return true;
  }

  clear(): void {
    this.#clock = 0;
    this.#turns.clear();
    this.#queued.clear();
    this.#running.clear();
    this.#forgetAtRest();
  }

  /**
   * The exact place of a queued task. Picks from a copy until the task is next; in the copy every
   * run ends at once at its expected cost, and the task's tenant is not parked. Null if it is not
   * queued.
   */
  readPlace(taskId: string): FairPlace | null {
    const asked = this.#queued.get(taskId);
    if (!asked) return null;
    const copy = this.#copy();
    copy.#change(asked.organisationId, (tenant) => (tenant.runningLimit = null));
    const found: FairPlace = { place: 0, ownWorkMs: 0, othersWorkMs: 0 };
    for (;;) {
      const next = must(copy.pick() ?? undefined);
      if (next.taskId === taskId) return found;
      copy.release(next.taskId, next.cost);
      if (next.organisationId !== asked.organisationId) found.othersWorkMs += next.cost;
      else {
        found.ownWorkMs += next.cost;
        if (next.fairnessKey === asked.fairnessKey) found.place += 1;
      }
    }
  }

  /**
   * Changes a tenant and updates its state: in turn, parked, at rest or forgotten. A tenant that
   * comes in turn starts at the clock at the earliest, unless it only `returns` to its previous
   * tag.
   */
  #change(id: string, change: (tenant: Tenant) => void, options = { returns: false }): void {
    const tenant = this.#tenants.get(id) ?? newTenant(id);
    const wasInTurn = this.#turns.get(id) !== undefined;
    change(tenant);
    const { queued, running, runningLimit } = tenant;
    if (queued > 0 && (runningLimit === null || running < runningLimit)) {
      if (!wasInTurn && !options.returns) tenant.tag = Math.max(this.#clock, tenant.tag);
      this.#turns.set(id, tenant.tag);
    } else {
      this.#turns.delete(id);
    }
    this.#tenants.set(id, tenant);
    if (queued > 0 || running > 0) {
      this.#rests.delete(id);
      return;
    }
    tenant.clock = 0;
    tenant.keys.clear();
    tenant.rests.clear();
    this.#rests.set(id, tenant.tag);
    this.#forgetPassed();
  }

  #enqueue(tenant: Tenant, task: FairTask): void {
    const { taskId, fairnessKey } = task;
    const { line, tag } = tenant.keys.get(fairnessKey) ?? newKey();
    const isInTurn = line.size > 0;
    line.set(taskId, lineOrder(task));
    tenant.keys.set(fairnessKey, { line, tag });
    tenant.queued += 1;
    this.#queued.set(taskId, task);
    this.#tagKey(tenant, fairnessKey, isInTurn ? tag : Math.max(tenant.clock, tag));
  }

  #dequeue(tenant: Tenant, { taskId, fairnessKey }: FairTask): void {
    const key = must(tenant.keys.get(fairnessKey));
    key.line.delete(taskId);
    tenant.queued -= 1;
    this.#queued.delete(taskId);
    this.#tagKey(tenant, fairnessKey, key.tag);
  }

  /**
   * Sets a key's tag and updates its state: in turn, at rest, or forgotten if the clock has passed
   * it.
   */
  #tagKey(tenant: Tenant, fairnessKey: string, tag: number): void {
    const key = tenant.keys.get(fairnessKey) ?? newKey();
    key.tag = tag;
    tenant.keys.set(fairnessKey, key);
    if (key.line.size > 0) {
      tenant.turns.set(fairnessKey, tag);
      tenant.rests.delete(fairnessKey);
    } else {
      tenant.turns.delete(fairnessKey);
      tenant.rests.set(fairnessKey, tag);
    }
    for (let rest = tenant.rests.first(); rest && rest.at <= tenant.clock;) {
      tenant.rests.delete(rest.id);
      tenant.keys.delete(rest.id);
      rest = tenant.rests.first();
    }
    const plain = tenant.rests.get('');
    if (tenant.rests.size - Number(plain !== undefined) <= KEYS_AT_REST_MAX) return;
    tenant.rests.delete('');
    const { id } = must(tenant.rests.first());
    tenant.rests.delete(id);
    tenant.keys.delete(id);
    if (plain !== undefined) tenant.rests.set('', plain);
  }

  #line(tenant: Tenant, fairnessKey: string): FairQueueHeap {
    return must(tenant.keys.get(fairnessKey)).line;
  }

  #run(tenant: Tenant, run: Run): void {
    tenant.running += 1;
    this.#running.set(run.task.taskId, run);
  }

  #forgetPassed(): void {
    for (let rest = this.#rests.first(); rest && rest.at <= this.#clock;) {
      this.#rests.delete(rest.id);
      this.#tenants.delete(rest.id);
      rest = this.#rests.first();
    }
  }

  #forgetAtRest(): void {
    if (this.#queued.size > 0 || this.#running.size > 0) return;
    this.#clock = 0;
    this.#tenants.clear();
    this.#rests.clear();
  }

  #copy(): FairQueue {
    const copy = new FairQueue();
    copy.#clock = this.#clock;
    for (const tenant of this.#tenants.values()) {
      const keys = [...tenant.keys].map(
        ([id, { tag, line }]) => [id, { tag, line: line.copy() }] as const,
      );
      const turns = tenant.turns.copy();
      const rests = tenant.rests.copy();
      copy.#tenants.set(tenant.id, { ...tenant, keys: new Map(keys), turns, rests });
    }
    for (const { id, at } of this.#turns.entries()) copy.#turns.set(id, at);
    for (const { id, at } of this.#rests.entries()) copy.#rests.set(id, at);
    for (const [id, task] of this.#queued) copy.#queued.set(id, task);
    for (const [id, run] of this.#running) copy.#running.set(id, run);
    return copy;
  }
}

function newTenant(id: string): Tenant {
  return {
    id,
    tag: 0,
    weight: 1,
    runningLimit: null,
    queued: 0,
    running: 0,
    clock: 0,
    keys: new Map(),
    turns: new FairQueueHeap(compareText),
    rests: new FairQueueHeap(compareText),
  };
}

const newKey = (): Key => ({ tag: 0, line: new FairQueueHeap(compareTaskIds) });

/** Slot-ms as virtual time: an integer, so that an addition can be undone exactly. */
const share = (ms: number, weight: number): number => Math.floor(ms / weight + 0.5);
const charge = (cost: number, weight: number): number => Math.max(1, share(cost, weight));

function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Ids are decimal numbers; older tasks have lower ones. */
function compareTaskIds(one: string, other: string): number {
  return one.length - other.length || compareText(one, other);
}

function must<T>(value: T | undefined): T {
  assert(value !== undefined, 'The fair queue is inconsistent.');
  return value;
}
