/** `pnpm model`: checks each law at every step between the states of a small world. See docs/simulation.md. */
import { parseArgs } from 'node:util';

import { optionsOrUsage } from '@runfleet/testing/options-or-usage';

import { type Bounds, explore } from './explore.ts';

const USAGE = `pnpm model [--attempts N] [--generations N]   all states with at most N attempts (2), and N connections per worker (1)
`;

const bounds = optionsOrUsage(readBounds, USAGE);
if (bounds) process.exitCode = run(bounds) ? 0 : 1;

function readBounds(args: readonly string[]): Bounds {
  const { values } = parseArgs({
    args,
    options: {
      attempts: { type: 'string', default: '2' },
      generations: { type: 'string', default: '1' },
    },
  });
  const whole = (name: keyof Bounds): number => {
    const value = Number(values[name]);
    if (Number.isSafeInteger(value) && value >= 1 && value <= 9) return value;
    throw new Error(`--${name} ${values[name]} is not a whole number from 1 to 9.`);
  };
  return { attempts: whole('attempts'), generations: whole('generations') };
}

function run(bounds: Bounds): boolean {
  const beganAt = performance.now();
  const { states, steps, ended, broken } = explore(bounds);
  const seconds = ((performance.now() - beganAt) / 1_000).toFixed(1);
  const count = (value: number) => value.toLocaleString('en');
  process.stdout.write(
    `${count(states)} states (${count(ended)} ended), ${count(steps)} steps in ${seconds} s, ${broken ? '1 law broken' : '0 laws broken'}.\n`,
  );
  if (broken) process.stdout.write(`${broken.detail}, after:\n${broken.path.join('\n')}\n`);
  return broken === null;
}
