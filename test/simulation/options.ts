import { parseArgs } from 'node:util';

export type Options =
  | { run: 'seeds'; from: number; seeds: number }
  | { run: 'one seed'; seed: number; trace: boolean }
  | { run: 'bugs' }
  | { run: 'real'; from: number; seeds: number };

export const USAGE = `pnpm sim [--seeds N] [--from S]     N lives, starting at seed S (default: 200 from 1)
pnpm sim --seed S [--trace]         one life, optionally with everything that happens in it
pnpm sim --real [--seeds N]         N shorter lives, repeated on a real Postgres and a real Redis
pnpm sim --bugs                     when each planted bug is noticed, and by which law
`;

/** Throws if the command line is invalid. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      trace: { type: 'boolean', default: false },
      bugs: { type: 'boolean', default: false },
      real: { type: 'boolean', default: false },
    },
  });
  if (values.bugs) return { run: 'bugs' };
  if (values.seed !== undefined) {
    return { run: 'one seed', seed: whole('--seed', values.seed), trace: values.trace };
  }
  return {
    run: values.real ? 'real' : 'seeds',
    seeds: whole('--seeds', values.seeds),
    from: whole('--from', values.from),
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Error(`${name} ${text} is not a whole number from 1.`);
}
