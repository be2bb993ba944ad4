import { access } from 'node:fs/promises';

import { apiConfig } from '@runfleet/api';
import type { Db } from '@runfleet/db';
import { type MasterKey, openMasterKey, openSecret } from '@runfleet/identity';
import { loadConfig } from '@runfleet/service';

const initConfig = apiConfig.pick({ DATABASE_URL: true, MASTER_KEY: true, MASTER_KEY_FILE: true });

type Environment = Readonly<Record<string, string | undefined>>;

/** The deployment's database and master key. It never creates a key, because the API must use the same. */
export async function readInitSettings(
  env: Environment,
): Promise<{ databaseUrl: string; masterKey: MasterKey }> {
  const {
    DATABASE_URL: databaseUrl,
    MASTER_KEY: hex,
    MASTER_KEY_FILE: file,
  } = loadConfig(initConfig, env);
  if (hex === undefined) {
    await access(file).catch((cause: unknown) => {
      throw new Error(
        `There is no master key: MASTER_KEY is not set, and ${file} cannot be read. Set the key that the API uses.`,
        { cause },
      );
    });
  }
  return {
    databaseUrl,
    masterKey: await openMasterKey(hex === undefined ? { file } : { hex, file }),
  };
}

/** Throws if the newest project's secret was sealed under another key: the API could not read new ones. */
export async function requireSameMasterKey(ctx: {
  db: Pick<Db, 'sql'>;
  masterKey: MasterKey;
}): Promise<void> {
  const [project] = await ctx.db.sql<{ id: string; encryptedSecret: Buffer }[]>`
    select id, encrypted_secret as "encryptedSecret" from projects
    where encrypted_secret is not null and revoked_at is null order by id desc limit 1`;
  if (project) openSecret(ctx.masterKey, project.id, project.encryptedSecret);
}
