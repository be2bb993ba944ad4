import { parseArgs } from 'node:util';

import { randomAlphanumeric } from '@runfleet/protocol';

import { asTyped } from '../cli/as-typed.ts';
import { runWithUsage } from '../cli/with-usage.ts';
import { openDatabase } from '../operate/open-database.ts';
import { purgeDemoData } from './purge-demo-data.ts';
import { seedDemoData } from './seed-demo-data.ts';

const PASSWORD_LENGTH = 20;

const USAGE = `runfleet seed-demo [--purge] [--json]

Creates three organisations with 14 days of tasks, so that every page has data to show; --purge removes them.
DATABASE_URL names the deployment; without it, a running \`npm start\` is used.
`;

/**
 * `runfleet seed-demo [--purge]`: creates or removes three organisations with 14 days of tasks, so that
 * every page has data to show, in the environment's database or else that of a running `npm start`.
 */
export function seedDemo(args: readonly string[]): Promise<void> {
  return runWithUsage(USAGE, args, seedGiven);
}

async function seedGiven(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      purge: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  await using db = await openDatabase('runfleet seed-demo');
  if (values.purge) {
    const purged = await purgeDemoData({ db });
    const text = `Removed ${purged.organisations} demo organisations with ${purged.tasks} tasks.\n`;
    process.stdout.write(values.json ? `${JSON.stringify(purged)}\n` : text);
    return;
  }
  const password = randomAlphanumeric(PASSWORD_LENGTH);
  const seeded = await seedDemoData({ db }, { password, seed: Date.now() });
  const shown = { ...seeded, password };
  process.stdout.write(values.json ? `${JSON.stringify(shown, null, 2)}\n` : describe(shown));
}

function describe(shown: {
  emails: readonly string[];
  tasks: number;
  events: number;
  password: string;
}): string {
  return `
Seeded ${shown.tasks} tasks with ${shown.events} events over the last 14 days. None of them ran.

Sign in to the dashboard as one of
${shown.emails.map((email) => `  ${email}`).join('\n')}
with the password ${shown.password}, which is not shown again.

${asTyped('Remove the demo data with: runfleet seed-demo --purge')}
`;
}
