import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { openDb } from '@runfleet/db';
import { parseUsd, type Pico, randomAlphanumeric } from '@runfleet/protocol';
import { z } from 'zod';

import { runWithUsage, UsageError } from '../cli/with-usage.ts';
import { createDeploymentTenant, type TenantMade } from './create-deployment-tenant.ts';
import { readInitSettings } from './init-settings.ts';

const PASSWORD_LENGTH = 20;

const USAGE = `runfleet init --organisation NAME --email ADDRESS

  [--deposit USD]          what the organisation has to spend, such as 25 or 0.5 (nothing)
  [--password-file FILE]   the owner's password; without it one is made and printed
  [--operator]             the owner also runs the deployment
  [--json]                 the answer for programs

Makes a deployment's first organisation, owner and project. DATABASE_URL and MASTER_KEY say which deployment. The key
and the secret are printed once.
`;

const OPTIONS = {
  organisation: { type: 'string' },
  email: { type: 'string' },
  deposit: { type: 'string' },
  'password-file': { type: 'string' },
  operator: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/**
 * `runfleet init`: the first organisation, owner and project of a deployment, whose database and
 * master key the environment names. A generated password, the key and the secret are printed once.
 */
export function init(args: readonly string[]): Promise<void> {
  return runWithUsage(USAGE, args, make);
}

async function make(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const organisation = required(values.organisation, '--organisation NAME');
  const email = readEmail(required(values.email, '--email ADDRESS'));
  const deposited = readDeposit(values.deposit);
  const given = await readPassword(values['password-file']);
  const password = given ?? randomAlphanumeric(PASSWORD_LENGTH);

  const { databaseUrl, masterKey } = await readInitSettings(process.env);
  await using db = await openDb(databaseUrl, { connections: 1, name: 'runfleet init', waitMs: 0 });
  const made = await createDeploymentTenant(
    { db, masterKey },
    { organisation, email, password, deposited, isOperator: values.operator },
  );
  const told = { ...made, password: given === null ? password : null };
  process.stdout.write(values.json ? `${JSON.stringify(told, null, 2)}\n` : describe(told));
}

function describe(made: TenantMade & { password: string | null }): string {
  return `
Organisation  ${made.organisationId}
Owner         ${made.email}
Password      ${made.password ?? 'as in --password-file'}
Project       ${made.projectId}
API key       ${made.apiKey}
API secret    ${made.apiSecret}

Keep them now: neither the password nor the secret is shown again.
`;
}

function required(value: string | undefined, usage: string): string {
  const text = value?.trim() ?? '';
  if (text === '') throw new UsageError(`runfleet init needs ${usage}.`);
  return text;
}

function readEmail(text: string): string {
  if (!z.email().safeParse(text).success) {
    throw new UsageError(`--email must be an e-mail address; "${text}" is none.`);
  }
  return text;
}

function readDeposit(text: string | undefined): Pico {
  if (text === undefined) return 0n;
  const amount = /^\d+(\.\d{1,12})?$/.test(text) ? parseUsd(text) : 0n;
  if (amount <= 0n) {
    throw new UsageError(`--deposit must be dollars above 0, such as 25 or 0.5; "${text}" is not.`);
  }
  return amount;
}

/** From a file, since a password among the arguments is seen by everyone on the machine. */
async function readPassword(path: string | undefined): Promise<string | null> {
  if (path === undefined) return null;
  const password = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  if (password === '') throw new Error(`${path} is empty; --password-file must hold a password.`);
  return password;
}
