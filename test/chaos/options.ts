import { parseArgs } from 'node:util';

export type Options = {
  seed: number;
  /** How long faults happen, and their average distance. */
  forMs: number;
  everyMs: number;
};

const MINUTES = 10;
const EVERY_MS = 4_000;
/** Each kind of fault once. */
const SHORT = { forMs: 0, everyMs: 800 };

export const USAGE = `pnpm chaos [--minutes N] [--seed N]   faults for N minutes (default ${MINUTES}); a seed repeats its faults
pnpm chaos --short [--seed N]         each kind of fault once, in about a minute
`;

/** Throws if the command line is invalid. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: String(MINUTES) },
      seed: { type: 'string', default: '1' },
      short: { type: 'boolean', default: false },
    },
  });
  const seed = positive('--seed', values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed ${values.seed} is not a whole number.`);
  const minutes = positive('--minutes', values.minutes);
  return { seed, ...(values.short ? SHORT : { forMs: minutes * 60_000, everyMs: EVERY_MS }) };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`${name} ${text} is not a number above 0.`);
}
