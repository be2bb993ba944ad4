import { Counts } from './counts.ts';
import type { PlantedBug } from './planted-bugs.ts';
import { type Life, simulate } from './simulate.ts';

export type Lives = {
  /** How many ran; the fields below are their sums. */
  lives: number;
  steps: number;
  seconds: number;
  tasks: number;
  counts: Counts;
  /** The first life that broke a law, after which no other ran. */
  broken: Life | null;
};

/** Runs one life per seed until one breaks a law. */
export async function runLives(options: {
  from: number;
  seeds: number;
  bug?: PlantedBug | null;
  onLife?: (life: Life) => void;
}): Promise<Lives> {
  const { from, seeds, bug = null, onLife = () => {} } = options;
  const sum: Lives = {
    lives: 0,
    steps: 0,
    seconds: 0,
    tasks: 0,
    counts: new Counts(),
    broken: null,
  };
  // Lost answers are thousands of errors here; a run of a single seed keeps their stacks.
  Error.stackTraceLimit = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const life = await simulate({ seed, bug });
    sum.lives += 1;
    sum.steps += life.steps;
    sum.seconds += life.seconds;
    sum.tasks += life.tasks;
    sum.counts.addAll(life.counts);
    onLife(life);
    if (!life.broken) continue;
    sum.broken = life;
    break;
  }
  return sum;
}
