/** Mutants that behave like the program, so that no test can notice them. `pnpm mutants` checks the list. */
export type Equivalents = {
  file: string;
  why: string;
  /** As `pnpm mutants` names them. */
  names: readonly string[];
};

export const EQUIVALENTS: readonly Equivalents[] = [
  {
    file: 'packages/tasks/src/life/decide.ts',
    why: 'A time is never before 1970, so null, which compares as 0, is never in the future.',
    names: [
      'decideAssign: state.notBefore !== null && now < state.notBefore -> now < state.notBefore',
    ],
  },
  {
    file: 'packages/tasks/src/life/decide.ts',
    why: 'The index is always inside the list; the fallback exists for the type.',
    names: [
      'pauseAfter.nominal: BACKOFF_SECONDS[Math.min(attempts, BACKOFF_SECONDS.length) - 1] ?? 0 -> BACKOFF_SECONDS[Math.min(attempts, BACKOFF_SECONDS.length) - 1]',
      'pauseAfter.nominal: 0 -> 1',
    ],
  },
  {
    file: 'packages/tasks/src/life/decide.ts',
    why: 'Every status before the end has a next one; the check exists for the type.',
    names: ['roadToEnd: next === null || isTerminal(next) -> isTerminal(next)'],
  },
  {
    file: 'packages/tasks/src/fleet/decide-worker.ts',
    why: 'A worker that is alone has no ready peer, and then neither value is read.',
    names: ['ALONE: 0 -> 1 #2', 'ALONE: 0 -> 1 #3'],
  },
  {
    file: 'packages/tasks/src/fleet/decide-worker.ts',
    why: 'Null compares as 0, and no pulse is below 0.',
    names: [
      'decideRegister.rests: worker.quarantinedUntil !== null && worker.quarantinedUntil > pulse -> worker.quarantinedUntil > pulse',
      'decideParole: worker.quarantinedUntil ?? 0 -> worker.quarantinedUntil',
    ],
  },
  {
    file: 'packages/tasks/src/life/task-state.ts',
    why: 'Of two equal times either is the later one.',
    names: ['applyPlan.now: clock > state.changedAt -> clock >= state.changedAt'],
  },
  {
    file: 'packages/tasks/src/life/task-state.ts',
    why: 'If one of the two times is missing, there are 0 ticks in any case.',
    names: ['settleRun.seconds: from === null || to === null -> from === null'],
  },
  {
    file: 'packages/tasks/src/store/plan-commit.ts',
    why: 'No worker has a missing or empty id or the id `mutant`, so each lookup finds nothing.',
    names: [
      "planCommands.results: command.workerId ?? '' -> command.workerId",
      "planCommands.results: '' -> 'mutant'",
      "planCommands.results: state.workerId ?? '' -> state.workerId",
      "planCommands.results: '' -> 'mutant' #2",
    ],
  },
  {
    file: 'packages/tasks/src/store/plan-commit.ts',
    why: 'There are as many ids as Runs; the fallback exists for the type.',
    names: [
      "planCreations.results: ids[index] ?? '' -> ids[index]",
      "planCreations.results: '' -> 'mutant'",
    ],
  },
  {
    file: 'packages/tasks/src/store/plan-commit.ts',
    why: 'Every policy except `queue` is refused at the limit.',
    names: ["DEFAULT_POLICY: 'reject' -> ''"],
  },
  {
    file: 'packages/tasks/src/store/plan-commit.ts',
    why: 'It is 10^-12 dollars, is never stored and pays for no Run.',
    names: ['noAccount: 0n -> 1n'],
  },
  {
    file: 'packages/billing/src/price.ts',
    why: 'If one of the two times is missing, there are 0 ticks in any case.',
    names: [
      'billedTicks: run.acceptedAt === null || run.endedAt === null -> run.acceptedAt === null',
    ],
  },
  {
    file: 'packages/billing/src/price.ts',
    why: 'Of two equal counts either is the smaller one.',
    names: ['billedTicks: ticks < ceiling -> ticks <= ceiling'],
  },
  {
    file: 'packages/billing/src/price.ts',
    why: 'Of two equal amounts either is the larger one.',
    names: ['amount: counted > minimum -> counted >= minimum'],
  },
  {
    file: 'packages/billing/src/admission.ts',
    why: 'Of two equal amounts either is the larger one.',
    names: [
      'requireAdmission.required: hold > policy.minimumBalance -> hold >= policy.minimumBalance',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'All tags begin at the clock, and only their differences matter.',
    names: [
      'FairQueue.#clock: 0 -> 1',
      'FairQueue.clear: this.#clock = 0; -> (nothing)',
      'FairQueue.clear: 0 -> 1',
      'FairQueue.#change: tenant.clock = 0; -> (nothing)',
      'FairQueue.#change: 0 -> 1 #4',
      'FairQueue.#forgetAtRest: this.#clock = 0; -> (nothing)',
      'FairQueue.#forgetAtRest: 0 -> 1 #3',
      'newTenant: 0 -> 1 #4',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'The copy contains the requested task, so a pick of the copy always finds one.',
    names: ['FairQueue.readPlace: copy.pick() ?? undefined -> copy.pick()'],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'The place at rest of a removed tenant is never read; a tenant that comes back leaves it first.',
    names: [
      'FairQueue.#change: tenant.rests.clear(); -> (nothing)',
      'FairQueue.#forgetAtRest: this.#rests.clear(); -> (nothing)',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'A copy only picks until it is empty: no tenant in it comes to rest and returns.',
    names: [
      'FairQueue.#copy: copy.#rests.set(id, at); -> (nothing)',
      'FairQueue.#copy: copy.#running.set(id, run); -> (nothing)',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'It is set before it is read.',
    names: ['newTenant: 1 -> 2'],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'Heaps only compare with < 0, and no two ids are equal.',
    names: [
      'compareText: one < other -> one <= other',
      'compareText: 1 -> 2',
      'compareText: one > other -> one >= other',
      'compareText: one > other -> one <= other',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'There is no entry at an undefined index.',
    names: [
      'FairQueueHeap.get: position === undefined ? undefined : this.#entries[position]?.at -> this.#entries[position]?.at',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'If a position is known, there is a last entry; the check exists for the type.',
    names: [
      'FairQueueHeap.delete: last && position < this.#entries.length -> position < this.#entries.length',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'An entry that rises to the top sinks back to its position: more steps, the same order.',
    names: [
      'FairQueueHeap.#settle: position === 0 || !this.#isBefore(position, parent) -> position === 0',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'No two ids are equal, and if the numbers are equal, the other branch decides.',
    names: [
      'FairQueueHeap.#isBefore: this.#compareIds(a.id, b.id) < 0 -> this.#compareIds(a.id, b.id) <= 0',
      'FairQueueHeap.#isBefore: 0 -> 1',
      'FairQueueHeap.#isBefore: a.at < b.at -> a.at <= b.at',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'Only existing positions are read: the error is an assertion.',
    names: ['FairQueueHeap.#entry: !entry -> false'],
  },
  {
    file: 'packages/scheduler/src/place-tasks.ts',
    why: 'The cache holds what a new search would find.',
    names: [
      'placeTasks.able: known -> false',
      'placeTasks.able: ofLane.set(key, found); -> (nothing)',
    ],
  },
  {
    file: 'packages/scheduler/src/place-tasks.ts',
    why: 'No worker has a missing or empty id or the id `mutant`, so each lookup finds nothing.',
    names: [
      "placeTasks.preferred: task.prefers ?? '' -> task.prefers",
      "placeTasks.preferred: '' -> 'mutant'",
    ],
  },
  {
    file: 'packages/scheduler/src/place-tasks.ts',
    why: 'The line before handles unequal values, and no two ids are equal.',
    names: [
      'isBetter: one.rank > other.rank -> one.rank >= other.rank',
      'isBetter: one.claims < other.claims -> one.claims <= other.claims',
      'isBetter: one.room.id < other.room.id -> one.room.id <= other.room.id',
      'isBetter: load < otherLoad -> load <= otherLoad',
    ],
  },
];
