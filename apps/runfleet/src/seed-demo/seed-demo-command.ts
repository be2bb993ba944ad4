import { parseArgs } from 'node:util';

import { randomAlphanumeric } from '@runfleet/protocol';

import { runWithUsage } from '../cli/with-usage.ts';
import { openDatabase } from '../operate/open-database.ts';
import { purgeDemoData } from './purge-demo-data.ts';
import { seedDemoData } from './seed-demo-data.ts';

const PASSWORD_LENGTH = 20;

const USAGE = `runfleet seed-demo [--purge] [--json]

Makes three organisations with 14 days of tasks, so that every page has something to show; --purge removes them.
DATABASE_URL says which deployment; without it, a running \`npm start\`.
`;

/**
 * `runfleet seed-demo [--purge]`: three organisations with 14 days of tasks, so that every page has
 * something to show; or their removal. In the environment's database, else in that of a running
 * `npm start`.
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
    const said = `Removed ${purged.organisations} demo organisations with ${purged.tasks} tasks.\n`;
    process.stdout.write(values.json ? `${JSON.stringify(purged)}\n` : said);
    return;
  }
  const password = randomAlphanumeric(PASSWORD_LENGTH);
  const seeded = await seedDemoData({ db }, { password, seed: Date.now() });
  const told = { ...seeded, password };
  process.stdout.write(values.json ? `${JSON.stringify(told, null, 2)}\n` : describe(told));
}

function describe(told: {
  emails: readonly string[];
  tasks: number;
  events: number;
  password: string;
}): string {
  return `
Seeded ${told.tasks} tasks with ${told.events} events over the last 14 days. None of them ran.

Sign in to the dashboard as one of
${told.emails.map((email) => `  ${email}`).join('\n')}
with the password ${told.password}, which is not shown again.

Remove all of it with: runfleet seed-demo --purge
`;
}
