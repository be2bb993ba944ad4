import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { loadConfig } from '@runfleet/service';
import { z } from 'zod';

import { readRunningDev, type RunningDev } from './read-running-dev.ts';

const REPOSITORY_HOME = fileURLToPath(new URL('../../../../.runfleet', import.meta.url));

type Environment = Readonly<Record<string, string | undefined>>;

/** What there is to look at. Null is what is not known here. */
export type DoctorSettings = {
  source: 'environment' | 'npm start' | 'none';
  environment: Environment;
  /** RUNFLEET_HOME. */
  home: string;
  databaseUrl: string | null;
  redisUrl: string | null;
  storageDir: string;
  masterKey: string | null;
  masterKeyFile: string;
  modelDir: string | null;
  provider: string;
  /** Of a running `npm start`, else null: then ports are the environment's. */
  dev: RunningDev | null;
};

const text = () => z.string().optional();

const lookedAt = z.object({
  RUNFLEET_HOME: z.string().default(REPOSITORY_HOME),
  DATABASE_URL: text(),
  REDIS_URL: text(),
  STORAGE_DIR: text(),
  MASTER_KEY: text(),
  MASTER_KEY_FILE: text(),
  MODEL_DIR: text(),
  ENGINE_PROVIDER: z.string().default('auto'),
});

/** The environment's settings; where it names neither database nor Redis, those of a running `npm start`. */
export async function readDoctorSettings(environment: Environment): Promise<DoctorSettings> {
  const env = loadConfig(lookedAt, environment);
  const home = env.RUNFLEET_HOME;
  const isGiven = env.DATABASE_URL !== undefined || env.REDIS_URL !== undefined;
  const dev = isGiven ? null : await readRunningDev(home);
  const ownFolder = isGiven ? '.runfleet' : home;
  return {
    source: isGiven ? 'environment' : dev ? 'npm start' : 'none',
    environment,
    home,
    databaseUrl: env.DATABASE_URL ?? dev?.databaseUrl ?? null,
    redisUrl: env.REDIS_URL ?? dev?.redisUrl ?? null,
    storageDir: env.STORAGE_DIR ?? join(ownFolder, 'storage'),
    masterKey: env.MASTER_KEY ?? null,
    masterKeyFile: env.MASTER_KEY_FILE ?? join(ownFolder, 'master.key'),
    modelDir: env.MODEL_DIR ?? null,
    provider: env.ENGINE_PROVIDER,
    dev,
  };
}
