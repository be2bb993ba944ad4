/** One process of `pnpm mutants`: is told a mutant, answers what killed it, and may be killed for it. */
import { type Killer, killMutant } from './kill-mutant.ts';
import { listMutants, openProgram } from './open-program.ts';

export type Question = { id: number; killers: readonly Killer[] };
/** `progress`: it still runs, and has done something since it said so last. */
export type Answer = { id: number; killedBy: string | null } | 'progress';

const mutants = listMutants();
const program = await openProgram(mutants);

// A mistake may leave promises behind that no test waits for; what it broke is seen by its test.
process.on('unhandledRejection', () => {});
process.on('message', ({ id, killers }: Question) => void answer(id, killers));
process.on('disconnect', () => process.exit());
process.send?.('ready');

const progress = () => void process.send?.('progress' satisfies Answer);

async function answer(id: number, killers: readonly Killer[]): Promise<void> {
  const mutant = mutants[id - 1];
  // 0 is the program as it is written, with the tests of every file.
  const killedBy = mutant
    ? await killMutant(program, mutant, killers, progress)
    : await killNone(killers);
  process.send?.({ id, killedBy } satisfies Answer);
}

async function killNone(killers: readonly Killer[]): Promise<string | null> {
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    const killedBy = await killMutant(program, { id: 0, file, isStatic: false }, killers, progress);
    if (killedBy !== null) return killedBy;
  }
  return null;
}
