/** `runfleet start | dev | migrate`: the composition root. */
import { ConfigError } from '@runfleet/service';

import { dev } from './dev/dev.ts';
import { migrate } from './migrate.ts';
import { start } from './start.ts';

const USAGE = `runfleet <command>

  start --roles api,broker,gateway,worker   runs roles with the settings of the environment
  migrate                                   brings the database's schema up to date
  dev [--ephemeral] [--prompt "..."]        finds or brings a Postgres and a Redis, and runs everything

Settings are environment variables; .env.example lists them.
`;

const COMMANDS: Record<string, (args: readonly string[]) => Promise<void>> = {
  start,
  migrate,
  dev,
};

const [name = '', ...args] = process.argv.slice(2);
const command = COMMANDS[name];
if (!command) {
  process.stderr.write(USAGE);
  process.exitCode = name === '--help' || name === 'help' ? 0 : 2;
} else {
  try {
    await command(args);
  } catch (error) {
    process.stderr.write(`\n${explain(error)}\n`);
    process.exitCode = 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\n  because: ${error.cause.message}` : '';
  return process.env['LOG_LEVEL'] === 'debug' ? String(error.stack) : `${error.message}${cause}`;
}
