import { parseArgs } from 'node:util';

import { ABUSES } from './abuses/index.ts';

export type Options = { isShort: boolean; names: readonly string[]; list: boolean };

export const USAGE = `pnpm abuse                        each abuse in full, in a few minutes
pnpm abuse --short                less of each, in about a minute and a half
pnpm abuse --only NAME[,NAME]     some of them
pnpm abuse --list                 what each sends, and its bound
`;

/** Throws if the command line is invalid. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      short: { type: 'boolean', default: false },
      only: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  const known = ABUSES.map(({ name }) => name);
  const names = values.only?.split(',') ?? known;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`There is no abuse ${unknown.join(', ')}.`);
  return { isShort: values.short, names, list: values.list };
}
