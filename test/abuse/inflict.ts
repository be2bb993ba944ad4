/** Runs one abuse in its own process, so that its work does not delay the neighbour's. */
import { setPriority } from 'node:os';

import type { Outcome, Target } from './abuse.ts';
import { ABUSES } from './abuses/index.ts';

/** Real abusers use their own machines, so this process gives way to the stack on shared cores. */
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
