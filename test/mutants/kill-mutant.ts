import type * as RunLives from '../simulation/run-lives.ts';
import type { CollectedTest } from './collect-tests.ts';
import type * as CollectTests from './collect-tests.ts';
import type { Mutant } from './find-mutants.ts';
import type { Program } from './open-program.ts';
import { SUBJECTS } from './subjects.ts';

export const KILLERS = ['tests', 'simulator'] as const;
export type Killer = (typeof KILLERS)[number];

/** A mutant that survives this many lives counts as alive. */
export const LIVES = 60;

/** Returns a description of what noticed the mutant, or null. */
export async function killMutant(
  program: Program,
  mutant: Pick<Mutant, 'id' | 'file' | 'isStatic'>,
  killers: readonly Killer[],
  onProgress: () => void = () => {},
): Promise<string | null> {
  if (mutant.isStatic) program.reload();
  const before = globalThis.__mutant;
  globalThis.__mutant = mutant.id;
  try {
    for (const killer of KILLERS) {
      const killedBy = killers.includes(killer)
        ? await KILL[killer](program, mutant, onProgress)
        : null;
      if (killedBy !== null) return killedBy;
    }
    return null;
  } finally {
    globalThis.__mutant = before;
    if (mutant.isStatic) program.reload();
  }
}

declare global {
  /** The id of the active mutant; 0 for the unchanged program. */
  var __mutant: number;
}
globalThis.__mutant = 0;

type Kill = (
  program: Program,
  mutant: Pick<Mutant, 'file'>,
  onProgress: () => void,
) => Promise<string | null>;

const KILL: Record<Killer, Kill> = {
  tests: byTests,
  simulator: bySimulator,
};

async function byTests(
  program: Program,
  { file }: Pick<Mutant, 'file'>,
  onProgress: () => void,
): Promise<string | null> {
  const tests = SUBJECTS.find((subject) => subject.file === file)?.tests ?? [];
  for (const path of tests) {
    try {
      for (const { name, run } of await collect(program, path)) {
        try {
          await run();
          onProgress();
        } catch {
          return `${path}: ${name}`;
        }
      }
    } catch (error) {
      return `${path}: does not load, ${(error as Error).message}`;
    }
  }
  return null;
}

/** The tests of a file: loaded once, and again after a reload. */
async function collect(program: Program, path: string): Promise<readonly CollectedTest[]> {
  const module = await program.import<object>(path);
  const known = COLLECTED.get(module);
  if (known) return known;
  const { takeTests } = await program.import<typeof CollectTests>('test/mutants/collect-tests.ts');
  const tests = takeTests();
  COLLECTED.set(module, tests);
  return tests;
}

const COLLECTED = new WeakMap<object, readonly CollectedTest[]>();

async function bySimulator(
  program: Program,
  _: unknown,
  onProgress: () => void,
): Promise<string | null> {
  const { runLives } = await program.import<typeof RunLives>('test/simulation/run-lives.ts');
  try {
    const { broken } = await runLives({ from: 1, seeds: LIVES, onLife: onProgress });
    return broken?.broken ? `pnpm sim --seed ${broken.seed}: ${broken.broken.law}` : null;
  } catch (error) {
    return `pnpm sim: ${(error as Error).message}`;
  }
}
