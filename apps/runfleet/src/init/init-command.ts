import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { openDb } from '@runfleet/db';
import { parseUsd, type Pico, randomAlphanumeric } from '@runfleet/protocol';
import { z } from 'zod';

import { runWithUsage, UsageError } from '../cli/with-usage.ts';
import { createDeploymentTenant, type CreatedTenant } from './create-deployment-tenant.ts';
import { readInitSettings } from './init-settings.ts';

const PASSWORD_LENGTH = 20;

const USAGE = `runfleet init --organisation NAME --email ADDRESS

  [--deposit USD]          the organisation's first balance, such as 25 or 0.5 (default 0)
  [--password-file FILE]   a file with the owner's password; without it, one is generated and printed
  [--operator]             makes the owner an operator of the deployment
  [--json]                 prints JSON

Creates a deployment's first organisation, owner and project. DATABASE_URL and MASTER_KEY identify the deployment. The
key and the secret are printed once.
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
 * `runfleet init`: creates the first organisation, owner and project of the deployment whose database
 * and master key the environment names. A generated password, the key and the secret are printed once.
 */
export function init(args: readonly string[]): Promise<void> {
  return runWithUsage(USAGE, args, create);
}

async function create(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const organisation = required(values.organisation, '--organisation NAME');
  const email = readEmail(required(values.email, '--email ADDRESS'));
  const deposited = readDeposit(values.deposit);
  const given = await readPassword(values['password-file']);
  const password = given ?? randomAlphanumeric(PASSWORD_LENGTH);

  const { databaseUrl, masterKey } = await readInitSettings(process.env);
  await using db = await openDb(databaseUrl, { connections: 1, name: 'runfleet init', waitMs: 0 });
  const created = await createDeploymentTenant(
    { db, masterKey },
    { organisation, email, password, deposited, isOperator: values.operator },
  );
  const shown = { ...created, password: given === null ? password : null };
  process.stdout.write(values.json ? `${JSON.stringify(shown, null, 2)}\n` : describe(shown));
}

function describe(created: CreatedTenant & { password: string | null }): string {
  return `
Organisation  ${created.organisationId}
Owner         ${created.email}
Password      ${created.password ?? 'as in --password-file'}
Project       ${created.projectId}
API key       ${created.apiKey}
API secret    ${created.apiSecret}

Store them now: neither the password nor the secret is shown again.
`;
}

function required(value: string | undefined, usage: string): string {
  const text = value?.trim() ?? '';
  if (text === '') throw new UsageError(`runfleet init needs ${usage}.`);
  return text;
}

function readEmail(text: string): string {
  if (!z.email().safeParse(text).success) {
    throw new UsageError(`--email must be an e-mail address; "${text}" is not.`);
  }
  return text;
}

function readDeposit(text: string | undefined): Pico {
  if (text === undefined) return 0n;
  const amount = /^\d+(\.\d{1,12})?$/.test(text) ? parseUsd(text) : 0n;
  if (amount <= 0n) {
    throw new UsageError(
      `--deposit must be an amount in USD above 0, such as 25 or 0.5; "${text}" is not.`,
    );
  }
  return amount;
}

/** Read from a file, because every user of the machine can read a command's arguments. */
async function readPassword(path: string | undefined): Promise<string | null> {
  if (path === undefined) return null;
  const password = (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  if (password === '')
    throw new Error(`${path} is empty; --password-file must contain a password.`);
  return password;
}
