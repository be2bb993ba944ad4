import { createHash, randomBytes } from 'node:crypto';

import postgres from 'postgres';
import type { Sql } from 'postgres';

/** The prefix of a run's databases, so that its teardown drops what crashed tests left. */
const prefixOf = (runId: string) => `test_${runId}_`;

/** A Vitest worker's connection for creating and dropping the databases of its tests. */
export function connectAdmin(serverUrl: string): Sql {
  return postgres(serverUrl, { max: 1, onnotice: () => {} });
}

/**
 * The name of this run's migrated database for that key. The first test file that needs it
 * migrates it; the others wait.
 */
export async function migratedTemplate(
  admin: Sql,
  place: { serverUrl: string; runId: string; key: string },
  migrate: (url: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256').update(place.key).digest();
  const template = `${prefixOf(place.runId)}template_${hash.toString('hex', 0, 6)}`;
  const lock = hash.readBigInt64BE(0).toString();

  await admin`select pg_advisory_lock(${lock}::bigint)`;
  try {
    const found = await admin`select 1 from pg_database where datname = ${template}`;
    if (found.length > 0) return template;
    // Migrated under a draft name, so that a failed migration leaves no half-migrated template.
    const draft = `${template}_draft`;
    await admin`drop database if exists ${admin(draft)} with (force)`;
    await admin`create database ${admin(draft)}`;
    await migrate(databaseUrl(place.serverUrl, draft));
    await admin`alter database ${admin(draft)} rename to ${admin(template)}`;
    return template;
  } finally {
    await admin`select pg_advisory_unlock(${lock}::bigint)`;
  }
}

/**
 * The fastest way to copy a database on that server. Copying files instead of logging pages halves
 * the time, but ends in a checkpoint, which is cheap only with fsync off.
 */
export async function copyStrategy(admin: Sql): Promise<'strategy file_copy' | ''> {
  const [server] = await admin<{ isFitForFiles: boolean }[]>`
    select current_setting('server_version_num')::int >= 150000
       and current_setting('fsync') = 'off' as "isFitForFiles"`;
  return server?.isFitForFiles ? 'strategy file_copy' : '';
}

/** Copies the template, which takes tens of milliseconds. */
export async function createTestDatabase(
  admin: Sql,
  place: { serverUrl: string; runId: string; template: string; strategy: string },
): Promise<{ name: string; url: string }> {
  const name = `${prefixOf(place.runId)}${randomBytes(6).toString('hex')}`;
  await admin.unsafe(`create database ${name} template ${place.template} ${place.strategy}`);
  return { name, url: databaseUrl(place.serverUrl, name) };
}

/** Drops the database, even if a test left connections open. */
export async function dropTestDatabase(admin: Sql, name: string): Promise<void> {
  await admin`drop database if exists ${admin(name)} with (force)`;
}

/** Drops the templates of this run and databases that crashed tests left. */
export async function dropRunDatabases(serverUrl: string, runId: string): Promise<void> {
  const admin = connectAdmin(serverUrl);
  try {
    const rows = await admin<{ datname: string }[]>`
      select datname from pg_database where starts_with(datname, ${prefixOf(runId)})`;
    for (const { datname } of rows) await dropTestDatabase(admin, datname);
  } finally {
    await admin.end();
  }
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
