/**
 * A second fair queue for tests that compare the two. It follows the description word for word and
 * searches where the other uses heaps. See fair-queue.ts for the rules.
 */
import {
  boundFairTask,
  boundShare,
  boundUsedMs,
  type FairTask,
  type Share,
} from './fair-queue-task.ts';

type Tenant = {
  tag: number;
  weight: number;
  runningLimit: number | null;
  clock: number;
  tags: Map<string, number>;
};
type Run = { task: FairTask; weight: number; finish: number };

const share = (ms: number, weight: number) => Math.floor(ms / weight + 0.5);
const charge = (cost: number, weight: number) => Math.max(1, share(cost, weight));
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export class NaiveFairQueue {
  clock = 0;
  tenants = new Map<string, Tenant>();
  queued = new Map<string, FairTask>();
  running = new Map<string, Run>();

  insert(given: FairTask): boolean {
    if (this.queued.has(given.taskId) || this.running.has(given.taskId)) return false;
    const task = boundFairTask(given);
    this.#change(task.organisationId, (tenant) => {
      tenant.weight = task.weight;
      tenant.runningLimit = task.runningLimit;
      this.#enqueue(tenant, task);
    });
    return true;
  }

  pick(): FairTask | null {
    const [turn] = [...this.tenants]
      .filter(([id]) => this.#isInTurn(id))
      .toSorted(([a, one], [b, other]) => one.tag - other.tag || byText(a, b));
    if (!turn) return null;
    const [id, tenant] = turn;
    this.clock = Math.max(this.clock, tenant.tag);
    const own = this.#queuedOf(id);
    const [key = ''] = [...new Set(own.map(({ fairnessKey }) => fairnessKey))].toSorted(
      (a, b) => (tenant.tags.get(a) ?? 0) - (tenant.tags.get(b) ?? 0) || byText(a, b),
    );
    const [task] = own
      .filter(({ fairnessKey }) => fairnessKey === key)
      .toSorted(
        (a, b) =>
          a.queuedAt - a.priority * 1_000 - (b.queuedAt - b.priority * 1_000) ||
          Number(a.taskId) - Number(b.taskId),
      );
    if (!task) return null;
    this.#change(id, () => {
      const start = tenant.tags.get(key) ?? 0;
      tenant.clock = Math.max(tenant.clock, start);
      this.queued.delete(task.taskId);
      this.#tag(tenant, id, key, start + task.cost);
      tenant.tag += charge(task.cost, tenant.weight);
      this.running.set(task.taskId, { task, weight: tenant.weight, finish: start + task.cost });
    });
    this.#forgetPassed();
    return task;
  }

  putBack(taskId: string): boolean {
    const run = this.running.get(taskId);
    if (!run) return false;
    const { task, weight, finish } = run;
    const { organisationId: id, fairnessKey: key, cost } = task;
    this.#change(
      id,
      (tenant) => {
        this.running.delete(taskId);
        tenant.tag -= charge(cost, weight);
        const tag = (tenant.tags.get(key) ?? finish) - cost;
        this.queued.set(taskId, task);
        this.#tag(tenant, id, key, tag);
      },
      true,
    );
    return true;
  }

  release(taskId: string, usedMs: number): boolean {
    const run = this.running.get(taskId);
    if (!run) return false;
    const { task, weight, finish } = run;
    const { organisationId: id, fairnessKey: key, cost } = task;
    const used = boundUsedMs(usedMs);
    this.#change(id, (tenant) => {
      this.running.delete(taskId);
      tenant.tag += share(used, weight) - charge(cost, weight);
      this.#tag(tenant, id, key, (tenant.tags.get(key) ?? finish) + used - cost);
    });
    this.#forgetAtRest();
    return true;
  }

  withdraw(taskId: string): boolean {
    const task = this.queued.get(taskId);
    if (!task) return this.release(taskId, 0);
    this.#change(task.organisationId, (tenant) => this.#dequeue(tenant, task));
    this.#forgetAtRest();
    return true;
  }

  restoreRunning(given: FairTask): boolean {
    if (this.running.has(given.taskId)) return false;
    const task = boundFairTask(given);
    const { organisationId: id, fairnessKey: key, cost, weight } = task;
    this.#change(id, (tenant) => {
      const start = this.#isInTurn(id) ? tenant.tag : Math.max(this.clock, tenant.tag);
      const inLine = this.queued.get(task.taskId);
      if (inLine) this.#dequeue(tenant, inLine);
      tenant.weight = weight;
      tenant.runningLimit = task.runningLimit;
      tenant.tag = start + charge(cost, weight);
      const finish = (tenant.tags.get(key) ?? tenant.clock) + cost;
      this.#tag(tenant, id, key, finish);
      this.running.set(task.taskId, { task, weight, finish });
    });
    return true;
  }

  setShare(given: Share): boolean {
    const { organisationId: id, weight, runningLimit } = boundShare(given);
    const tenant = this.tenants.get(id);
    if (!tenant || this.#isAtRest(id)) return false;
    if (tenant.weight === weight && tenant.runningLimit === runningLimit) return false;
    this.#change(id, () => Object.assign(tenant, { weight, runningLimit }));
    return true;
  }

  clear(): void {
    this.queued.clear();
    this.running.clear();
    this.#forgetAtRest();
  }

  /** As `FairQueue.readPlace`: by picking in a copy. */
  readPlace(taskId: string) {
    const asked = this.queued.get(taskId);
    if (!asked) return null;
    const copy = new NaiveFairQueue();
    copy.clock = this.clock;
    copy.tenants = new Map(
      [...this.tenants].map(([id, tenant]) => [id, { ...tenant, tags: new Map(tenant.tags) }]),
    );
    copy.queued = new Map(this.queued);
    copy.running = new Map(this.running);
    copy.#change(asked.organisationId, (tenant) => {
      tenant.runningLimit = null;
    });
    const found = { place: 0, ownWorkMs: 0, othersWorkMs: 0 };
    for (let next = copy.pick(); next && next.taskId !== taskId; next = copy.pick()) {
      copy.release(next.taskId, next.cost);
      const isOwn = next.organisationId === asked.organisationId;
      if (isOwn) found.ownWorkMs += next.cost;
      else found.othersWorkMs += next.cost;
      if (isOwn && next.fairnessKey === asked.fairnessKey) found.place += 1;
    }
    return found;
  }

  #queuedOf(id: string, key?: string): FairTask[] {
    return [...this.queued.values()].filter(
      (task) => task.organisationId === id && (key === undefined || task.fairnessKey === key),
    );
  }

  #runningOf(id: string): number {
    return [...this.running.values()].filter(({ task }) => task.organisationId === id).length;
  }

  #isInTurn(id: string): boolean {
    const limit = this.tenants.get(id)?.runningLimit ?? null;
    return this.#queuedOf(id).length > 0 && (limit === null || this.#runningOf(id) < limit);
  }

  #isAtRest(id: string): boolean {
    return this.#queuedOf(id).length === 0 && this.#runningOf(id) === 0;
  }

  #change(id: string, change: (tenant: Tenant) => void, returns = false): void {
    const wasInTurn = this.#isInTurn(id);
    const tenant: Tenant = this.tenants.get(id) ?? {
      tag: 0,
      weight: 1,
      runningLimit: null,
      clock: 0,
      tags: new Map(),
    };
    this.tenants.set(id, tenant);
    change(tenant);
    if (this.#isInTurn(id) && !wasInTurn && !returns) tenant.tag = Math.max(this.clock, tenant.tag);
    if (!this.#isAtRest(id)) return;
    tenant.clock = 0;
    tenant.tags.clear();
    this.#forgetPassed();
  }

  #enqueue(tenant: Tenant, task: FairTask): void {
    const { organisationId: id, fairnessKey: key } = task;
    const isInLine = this.#queuedOf(id, key).length > 0;
    const tag = tenant.tags.get(key) ?? 0;
    this.queued.set(task.taskId, task);
    this.#tag(tenant, id, key, isInLine ? tag : Math.max(tenant.clock, tag));
  }

  #dequeue(tenant: Tenant, task: FairTask): void {
    const { organisationId: id, fairnessKey: key } = task;
    this.queued.delete(task.taskId);
    this.#tag(tenant, id, key, tenant.tags.get(key) ?? 0);
  }

  #tag(tenant: Tenant, id: string, key: string, tag: number): void {
    tenant.tags.set(key, tag);
    for (const [other, at] of tenant.tags) {
      const isAtRest = this.#queuedOf(id, other).length === 0;
      if (isAtRest && at <= tenant.clock) tenant.tags.delete(other);
    }
  }

  #forgetPassed(): void {
    for (const [id, { tag }] of this.tenants) {
      if (this.#isAtRest(id) && tag <= this.clock) this.tenants.delete(id);
    }
  }

  #forgetAtRest(): void {
    if (this.queued.size > 0 || this.running.size > 0) return;
    this.clock = 0;
    this.tenants.clear();
  }
}
