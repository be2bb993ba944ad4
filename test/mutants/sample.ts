import { Random } from '../simulation/kernel/random.ts';

/** Draws `count` items, the same for the same seed; all if `count` is null. */
export function sampleOf<T>(from: readonly T[], count: number | null, seed: number): T[] {
  if (count === null) return [...from];
  const random = new Random(seed);
  const left = [...from];
  const taken: T[] = [];
  while (taken.length < count && left.length > 0) {
    taken.push(...left.splice(random.whole(0, left.length - 1), 1));
  }
  return taken;
}
