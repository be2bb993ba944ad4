import { type Applied, LEASE_PULSES, type MemoryDatabase } from '@runfleet/tasks/memory';

import type { Counts } from '../counts.ts';
import type { Report } from './laws.ts';
import type { Trace } from './trace.ts';

type Bound = { workerId: string | null; workerGeneration: number | null };

/** The slots and the lease of every worker. Reports a slot count or a loss that the life does not explain. */
export class WorkerSlots {
  readonly #counts: Counts;
  readonly #trace: Trace;
  readonly #report: Report;
  /** Tasks bound to each connection of a worker. */
  readonly #bound = new Map<string, number>();
  /** The pulse at which each worker last renewed. */
  readonly #renewedAt = new Map<string, number>();
  /** By how much slot counts were falsified on purpose, until a reconciler corrects them. */
  readonly #falsified = new Map<string, number>();

  constructor(counts: Counts, trace: Trace, report: Report) {
    this.#counts = counts;
    this.#trace = trace;
    this.#report = report;
  }

  rebind(before: Bound, after: Bound): void {
    this.#bind(before, -1);
    this.#bind(after, +1);
  }

  falsify(workerId: string, by: number): void {
    this.#falsified.set(workerId, (this.#falsified.get(workerId) ?? 0) + by);
  }

  /** Whether a reconciler has still to correct a slot count. */
  hasFalsified(database: MemoryDatabase): boolean {
    return [...this.#falsified.keys()].some((id) => isOpen(database, id));
  }

  change({ before, after }: Applied['workers'][number], pulse: number): void {
    const isOtherState = after.state !== before?.state;
    const isOtherGeneration = after.generation !== before?.generation;
    if (isOtherState || isOtherGeneration) {
      const { id, state, generation } = after;
      this.#trace?.('postgres', `worker ${id} is ${state}, generation ${generation}`);
    }
    if (isOtherState) this.#counts.add(`worker: ${before?.state ?? 'new'} > ${after.state}`);
    if (isOtherGeneration) this.#falsified.delete(after.id);
    if (isOtherGeneration || after.renewedPulse !== before?.renewedPulse) {
      this.#renewedAt.set(after.id, pulse);
    }
    const silentFor = pulse - (this.#renewedAt.get(after.id) ?? 0);
    if (isOtherState && after.state === 'lost' && silentFor <= LEASE_PULSES) {
      const detail = `${after.id} is lost ${silentFor} pulses after it renewed`;
      this.#report('leases in pulses', null, detail);
    }
    this.#checkUsed(after);
  }

  checkQuiet(database: MemoryDatabase): void {
    for (const { id, used } of database.workers.values()) {
      if (isOpen(database, id) && used !== 0) {
        this.#report('slots in use', null, `${id} still uses ${used}`);
      }
    }
  }

  #bind({ workerId, workerGeneration }: Bound, delta: number): void {
    if (workerId === null) return;
    const key = `${workerId}/${workerGeneration}`;
    this.#bound.set(key, (this.#bound.get(key) ?? 0) + delta);
  }

  #checkUsed({ id, generation, used }: Applied['workers'][number]['after']): void {
    const bound = this.#bound.get(`${id}/${generation}`) ?? 0;
    const falsified = this.#falsified.get(id) ?? 0;
    if (used === bound) this.#falsified.delete(id);
    else if (used !== bound + falsified) {
      this.#report('slots in use', null, `${id} uses ${used} slots for ${bound} tasks`);
    }
  }
}

/** Reconcilers correct only the slot counts of workers that are neither lost nor stopped. */
function isOpen(database: MemoryDatabase, workerId: string): boolean {
  const state = database.workers.get(workerId)?.state;
  return state !== 'lost' && state !== 'stopped';
}
