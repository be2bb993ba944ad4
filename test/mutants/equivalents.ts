/** Mutants that do what the program does, so that nothing can notice them; `pnpm mutants` compares the list with what there is. */
export type Equivalents = {
  file: string;
  why: string;
  /** As `pnpm mutants` names them. */
  names: readonly string[];
};

export const EQUIVALENTS: readonly Equivalents[] = [
  {
    file: 'packages/tasks/src/life/decide.ts',
    why: 'A moment is never before the epoch, so null, which compares as 0, is never in the future.',
    names: [
      'decideAssign: state.notBefore !== null && now < state.notBefore -> now < state.notBefore',
    ],
  },
  {
    file: 'packages/tasks/src/life/decide.ts',
    why: 'The place is always inside the list; the fallback is there for the type.',
    names: [
      'pauseAfter.nominal: BACKOFF_SECONDS[Math.min(attempts, BACKOFF_SECONDS.length) - 1] ?? 0 -> BACKOFF_SECONDS[Math.min(attempts, BACKOFF_SECONDS.length) - 1]',
      'pauseAfter.nominal: 0 -> 1',
    ],
  },
  {
    file: 'packages/tasks/src/life/decide.ts',
    why: 'Before the end of the road there is always a next status; the check is there for the type.',
    names: ['roadToEnd: next === null || isTerminal(next) -> isTerminal(next)'],
  },
  {
    file: 'packages/tasks/src/fleet/decide-worker.ts',
    why: 'A worker that is alone has no ready peer, and then neither of these is looked at.',
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
    why: 'Of two equal moments either is the later one.',
    names: ['applyPlan.now: clock > state.changedAt -> clock >= state.changedAt'],
  },
  {
    file: 'packages/tasks/src/life/task-state.ts',
    why: 'Between a moment and none there are 0 ticks already.',
    names: ['settleRun.seconds: from === null || to === null -> from === null'],
  },
  {
    file: 'packages/tasks/src/store/plan-commit.ts',
    why: 'No worker has an id that is missing, empty or `mutant`: nothing is found under any of them.',
    names: [
      "planCommands.results: command.workerId ?? '' -> command.workerId",
      "planCommands.results: '' -> 'mutant'",
      "planCommands.results: state.workerId ?? '' -> state.workerId",
      "planCommands.results: '' -> 'mutant' #2",
    ],
  },
  {
    file: 'packages/tasks/src/store/plan-commit.ts',
    why: 'There are as many ids as Runs; the fallback is there for the type.',
    names: [
      "planCreations.results: ids[index] ?? '' -> ids[index]",
      "planCreations.results: '' -> 'mutant'",
    ],
  },
  {
    file: 'packages/tasks/src/store/plan-commit.ts',
    why: 'Whatever is not `queue` is refused at the limit.',
    names: ["DEFAULT_POLICY: 'reject' -> ''"],
  },
  {
    file: 'packages/tasks/src/store/plan-commit.ts',
    why: 'A millionth of a millionth of a dollar that is never stored and pays for no Run.',
    names: ['noAccount: 0n -> 1n'],
  },
  {
    file: 'packages/billing/src/price.ts',
    why: 'Between a moment and none there are 0 ticks already.',
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
    file: 'packages/billing/src/admission.ts',
    why: 'Of two equal amounts either is the larger one.',
    names: [
      'requireAdmission.required: hold > policy.minimumBalance -> hold >= policy.minimumBalance',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'All tags begin at the clock, wherever that begins: only their differences count.',
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
    why: "What is asked for is in the copy's line, so that a pick of the copy always finds one.",
    names: ['FairQueue.readPlace: copy.pick() ?? undefined -> copy.pick()'],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'Of who left the list a place at rest says nothing any more; who comes back leaves it first.',
    names: [
      'FairQueue.#change: tenant.rests.clear(); -> (nothing)',
      'FairQueue.#forgetAtRest: this.#rests.clear(); -> (nothing)',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue.ts',
    why: 'A copy only picks, until its line is at its end: nothing in it comes to rest and back.',
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
    why: 'Heaps ask only whether one comes before another one, and no two ids are equal.',
    names: [
      'compareText: one < other -> one <= other',
      'compareText: 1 -> 2',
      'compareText: one > other -> one >= other',
      'compareText: one > other -> one <= other',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'At no place there is no entry.',
    names: [
      'FairQueueHeap.get: place === undefined ? undefined : this.#entries[place]?.at -> this.#entries[place]?.at',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'Where a place is known, there is a last entry; the check is there for the type.',
    names: [
      'FairQueueHeap.delete: last && place < this.#entries.length -> place < this.#entries.length',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'Who goes up all the way comes down again to where it belongs: more steps, the same order.',
    names: ['FairQueueHeap.#settle: place === 0 || !this.#isBefore(place, parent) -> place === 0'],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'No two ids are equal, and where the numbers are equal the other branch decides.',
    names: [
      'FairQueueHeap.#isBefore: this.#compareIds(a.id, b.id) < 0 -> this.#compareIds(a.id, b.id) <= 0',
      'FairQueueHeap.#isBefore: 0 -> 1',
      'FairQueueHeap.#isBefore: a.at < b.at -> a.at <= b.at',
    ],
  },
  {
    file: 'packages/scheduler/src/fair-queue-heap.ts',
    why: 'Only places that exist are asked for: the error is an assertion.',
    names: ['FairQueueHeap.#entry: !entry -> false'],
  },
  {
    file: 'packages/scheduler/src/place-tasks.ts',
    why: 'What is remembered is what would be found again.',
    names: [
      'placeTasks.able: known -> false',
      'placeTasks.able: ofLane.set(key, found); -> (nothing)',
    ],
  },
  {
    file: 'packages/scheduler/src/place-tasks.ts',
    why: 'No worker has an id that is missing, empty or `mutant`: nothing is found under any of them.',
    names: [
      "placeTasks.preferred: task.prefers ?? '' -> task.prefers",
      "placeTasks.preferred: '' -> 'mutant'",
    ],
  },
  {
    file: 'packages/scheduler/src/place-tasks.ts',
    why: 'The line before has told equal ones apart, and no two ids are equal.',
    names: [
      'isBetter: one.rank > other.rank -> one.rank >= other.rank',
      'isBetter: one.claims < other.claims -> one.claims <= other.claims',
      'isBetter: one.room.id < other.room.id -> one.room.id <= other.room.id',
      'isBetter: load < otherLoad -> load <= otherLoad',
    ],
  },
];
