import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

import { type Killer, KILLERS } from './kill-mutant.ts';

export type Options = {
  /** How many mutants, drawn by `seed`; null for all. */
  sample: number | null;
  seed: number;
  /** Part of a file's path. */
  file: string;
  killers: readonly Killer[];
  processes: number;
  verbose: boolean;
};

export const USAGE = `pnpm mutants [--file PART]           all mutants, or those of some files
pnpm mutants --sample N [--seed S]   a sample of N, drawn by a seed
pnpm mutants --by tests,simulator    with only these killers
pnpm mutants --verbose               also print what noticed each
pnpm mutants --processes N           number of processes (default: one per core)
`;

/** Throws if the command line is invalid. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      file: { type: 'string', default: '' },
      by: { type: 'string', default: KILLERS.join(',') },
      processes: { type: 'string', default: String(availableParallelism()) },
      verbose: { type: 'boolean', default: false },
    },
  });
  return {
    sample: values.sample === undefined ? null : whole('--sample', values.sample),
    seed: whole('--seed', values.seed),
    file: values.file,
    killers: values.by.split(',').map(killer),
    processes: whole('--processes', values.processes),
    verbose: values.verbose,
  };
}

function killer(name: string): Killer {
  const found = KILLERS.find((one) => one === name);
  if (found) return found;
  throw new Error(`--by ${name} is none of ${KILLERS.join(', ')}.`);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${name} ${text} is not a whole number from 1.`);
}
