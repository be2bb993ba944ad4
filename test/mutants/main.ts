/** `pnpm mutants`: small bugs in the pure files; tests or the simulator must notice each. See docs/simulation.md. */
import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { checkEquivalents } from './check-equivalents.ts';
import { listMutants } from './open-program.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { sampleOf } from './sample.ts';
import { showProgress } from './show-progress.ts';
import { type Tried, tryMutants } from './try-mutants.ts';

/** The lowest score that passes: percent killed of the mutants that are not equivalent. */
const SCORE_MIN = 95;

const print = (text: string) => process.stdout.write(`${text}\n`);

const options = optionsOrUsage(readOptions, USAGE);
if (options) process.exitCode = (await run(options)) ? 0 : 1;

async function run({ sample, seed, file, killers, processes, verbose }: Options): Promise<boolean> {
  const beganAt = performance.now();
  const all = listMutants();
  const { equivalents, problems } = checkEquivalents(all);
  const asked = all.filter((mutant) => mutant.file.includes(file));
  const chosen = sampleOf(asked, sample, seed);
  const progress = showProgress(chosen.length, (line) => process.stderr.write(line));
  const tried = await tryMutants(chosen, {
    processes,
    killers,
    onTried: ({ mutant, killedBy }) => {
      progress.count(killedBy);
      if (killedBy !== null && verbose) print(`killed  ${mutant.name}\n        by ${killedBy}`);
    },
  }).finally(() => progress.end());

  const isEquivalent = ({ mutant }: Tried) => equivalents.has(mutant.id);
  const alive = tried.filter(({ killedBy }) => killedBy === null);
  const missed = alive.filter((one) => !isEquivalent(one));
  const falsely = tried.filter((one) => one.killedBy !== null && isEquivalent(one));
  for (const { mutant } of missed) print(`alive   ${mutant.file} ${mutant.name}`);
  for (const { mutant, killedBy } of falsely) {
    problems.push(`${mutant.file} ${mutant.name} is not equivalent: ${killedBy} noticed it`);
  }
  for (const problem of problems) print(`wrong   ${problem}`);

  const counted = tried.length - alive.length + missed.length;
  const score = counted === 0 ? 100 : (100 * (counted - missed.length)) / counted;
  const seconds = ((performance.now() - beganAt) / 1_000).toFixed(0);
  const bySimulator = tried.filter(({ killedBy }) => killedBy?.startsWith('pnpm sim')).length;
  print(
    `${tried.length} of ${all.length} mutants in ${seconds} s: ${counted - missed.length} noticed (${bySimulator} by the simulator alone), ${missed.length} alive, ${alive.length - missed.length} equivalent.`,
  );
  print(`Score: ${score.toFixed(1)} %`);
  return problems.length === 0 && score >= SCORE_MIN;
}
