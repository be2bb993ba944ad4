/** One abuse in a process of its own, so that its work is not taken for the neighbour's latency. */
import { setPriority } from 'node:os';

import type { Outcome, Target } from './abuse.ts';
import { ABUSES } from './abuses/index.ts';

/** Abusers bring machines of their own: theirs is not to take from the stack what these two share. */
const NICENESS = 10;

setPriority(NICENESS);
process.once('message', ({ name, target }: { name: string; target: Target }) => {
  void inflict(name, target).then((outcome) => {
    process.send?.(outcome, () => process.exit(0));
  });
});
process.send?.('ready');

async function inflict(name: string, target: Target): Promise<Outcome> {
  const abuse = ABUSES.find((each) => each.name === name);
  if (!abuse) throw new Error(`There is no abuse ${name}.`);
  return abuse.inflict(target);
}
