import { parseArgs } from 'node:util';

import { createLogger, loadConfig, runService, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

import { runWithUsage, UsageError } from './cli/with-usage.ts';
import { type Role, ROLE_NAMES, startRoles } from './roles.ts';

const USAGE = `runfleet start --roles ROLE[,ROLE...]

Runs roles until the process is asked to stop: ${ROLE_NAMES.join(', ')}. Their settings are environment variables;
.env.example lists them.
`;

/** `runfleet start`: runs roles until the process is asked to stop. */
export function start(args: readonly string[]): Promise<void> {
  return runWithUsage(USAGE, args, startGiven);
}

async function startGiven(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { roles: { type: 'string' } } });
  const roles = readRoles(values.roles);
  const { LOG_LEVEL: level } = loadConfig(z.object({ LOG_LEVEL: sharedSettings.LOG_LEVEL }));
  const loggerOf = (role: string) => createLogger({ role, level });
  const role = roles.join(',');
  await runService({
    role,
    logger: loggerOf(role),
    start: (signal) => startRoles(roles, process.env, { loggerOf, signal }),
  });
}

function readRoles(text: string | undefined): Role[] {
  const names = (text ?? '').split(',').filter((name) => name !== '');
  const known: readonly string[] = ROLE_NAMES;
  const unknown = names.filter((name) => !known.includes(name));
  if (names.length === 0 || unknown.length > 0) {
    const problem = names.length === 0 ? 'is missing' : `has unknown roles: ${unknown.join(', ')}`;
    throw new UsageError(`--roles ${problem}. Choose from: ${ROLE_NAMES.join(', ')}.`);
  }
  return [...new Set(names)] as Role[];
}
