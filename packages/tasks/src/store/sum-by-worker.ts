import type { SlotChange } from '../life/task-state.ts';

type WorkerChange = {
  id: string;
  generation: number;
  delta: number;
  succeeded: boolean;
  strikes: number;
};

/** What a commit changes per connection of a worker. A success forgets the strikes before it. */
export function sumByWorker(changes: readonly SlotChange[]): WorkerChange[] {
  const sums = new Map<string, WorkerChange>();
  for (const { workerId: id, generation, delta, verdict } of changes) {
    const key = `${id}:${generation}`;
    const sum = sums.get(key) ?? { id, generation, delta: 0, succeeded: false, strikes: 0 };
    sum.delta += delta;
    if (verdict === 'strike') sum.strikes += 1;
    if (verdict === 'success') Object.assign(sum, { succeeded: true, strikes: 0 });
    sums.set(key, sum);
  }
  return [...sums.values()];
}
