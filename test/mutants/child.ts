/** One process of `pnpm mutants`: receives a mutant and answers what killed it, unless that ends the process. */
import { type Killer, killMutant } from './kill-mutant.ts';
import { listMutants, openProgram } from './open-program.ts';

export type Question = { id: number; killers: readonly Killer[] };
/** `progress`: a test or a life has finished, and the next one runs. */
export type Answer = { id: number; killedBy: string | null } | 'progress';

const mutants = listMutants();
const program = await openProgram(mutants);

// A mutant may reject promises that no test awaits; only failed tests and broken laws count.
process.on('unhandledRejection', () => {});
process.on('message', ({ id, killers }: Question) => void answer(id, killers));
process.on('disconnect', () => process.exit());
process.send?.('ready');

const progress = () => void process.send?.('progress' satisfies Answer);

async function answer(id: number, killers: readonly Killer[]): Promise<void> {
  const mutant = mutants[id - 1];
  // 0 is the unchanged program, with the tests of every file.
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
