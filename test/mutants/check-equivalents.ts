import { EQUIVALENTS, type Equivalents } from './equivalents.ts';
import type { Mutant } from './find-mutants.ts';

/** The ids of the mutants listed as equivalent, and a problem for each listed name without a mutant. */
export function checkEquivalents(
  mutants: readonly Pick<Mutant, 'id' | 'file' | 'name'>[],
  list: readonly Equivalents[] = EQUIVALENTS,
): { equivalents: ReadonlySet<number>; problems: string[] } {
  const equivalents = new Set<number>();
  const problems: string[] = [];
  for (const { file, names } of list) {
    for (const name of names) {
      const found = mutants.find((mutant) => mutant.file === file && mutant.name === name);
      if (found) equivalents.add(found.id);
      else problems.push(`${file} ${name} is listed as equivalent, but there is no such mutant`);
    }
  }
  return { equivalents, problems };
}
