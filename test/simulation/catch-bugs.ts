import type { Law } from './laws/laws.ts';
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.ts';
import { runLives } from './run-lives.ts';

/** A bug that no life up to this seed notices counts as missed. */
export const BUG_SEEDS_MAX = 300;

export type Caught = { bug: PlantedBug; seed: number; step: number; law: Law } | null;

/** Plants each bug in turn and finds the first life and the law that notice it. */
export async function catchBugs(): Promise<{ bug: PlantedBug; caught: Caught }[]> {
  const results: { bug: PlantedBug; caught: Caught }[] = [];
  for (const bug of PLANTED_BUGS) {
    const { broken } = await runLives({ from: 1, seeds: BUG_SEEDS_MAX, bug });
    const caught = broken?.broken
      ? { bug, seed: broken.seed, step: broken.steps, law: broken.broken.law }
      : null;
    results.push({ bug, caught });
  }
  return results;
}
