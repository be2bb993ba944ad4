import { join } from 'node:path';

import { ConfigError, loadConfig } from '@runfleet/service';
import { storageSettings, type StorageSettings } from '@runfleet/storage';
import { z } from 'zod';

import { homeSetting } from '../home-setting.ts';
import { readRunningDev, type RunningDev } from './read-running-dev.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The settings that the checks use. Null means that a value is not known. */
export type DoctorSettings = {
  source: 'environment' | 'npm start' | 'none';
  environment: Environment;
  /** RUNFLEET_HOME. */
  home: string;
  databaseUrl: string | null;
  redisUrl: string | null;
  storage: StorageSettings;
  masterKey: string | null;
  masterKeyFile: string;
  modelDir: string | null;
  provider: string;
  /** The index of the CUDA device that a worker uses. */
  device: number;
  /** The running `npm start`; null if there is none, and the ports are those of the environment. */
  dev: RunningDev | null;
};

const text = () => z.string().optional();

const doctorConfig = z.object({
  RUNFLEET_HOME: homeSetting,
  DATABASE_URL: text(),
  REDIS_URL: text(),
  ...storageSettings,
  STORAGE_DIR: text(),
  MASTER_KEY: text(),
  MASTER_KEY_FILE: text(),
  MODEL_DIR: text(),
  ENGINE_PROVIDER: z.string().default('auto'),
  ENGINE_DEVICE: z.coerce.number().default(0),
});

/** If one of these is set, the environment describes a deployment. */
const DEPLOYMENT_SETTINGS = ['DATABASE_URL', 'DATABASE_URL_FILE', 'REDIS_URL', 'REDIS_URL_FILE'];

/** The environment's settings; if it names neither database nor Redis, those of a running `npm start`. */
export async function readDoctorSettings(environment: Environment): Promise<DoctorSettings> {
  const env = readReadable(environment);
  const home = env.RUNFLEET_HOME;
  const isGiven = DEPLOYMENT_SETTINGS.some((name) => (environment[name] ?? '') !== '');
  const dev = isGiven ? null : await readRunningDev(home);
  const ownFolder = isGiven ? '.runfleet' : home;
  return {
    source: isGiven ? 'environment' : dev ? 'npm start' : 'none',
    environment,
    home,
    databaseUrl: env.DATABASE_URL ?? dev?.databaseUrl ?? null,
    redisUrl: env.REDIS_URL ?? dev?.redisUrl ?? null,
    storage: { ...env, STORAGE_DIR: env.STORAGE_DIR ?? join(ownFolder, 'storage') },
    masterKey: env.MASTER_KEY ?? null,
    masterKeyFile: env.MASTER_KEY_FILE ?? join(ownFolder, 'master.key'),
    modelDir: env.MODEL_DIR ?? null,
    provider: env.ENGINE_PROVIDER,
    device: env.ENGINE_DEVICE,
    dev,
  };
}

/** Ignores settings that are invalid: the check `settings` names them. */
function readReadable(environment: Environment): z.infer<typeof doctorConfig> {
  try {
    return loadConfig(doctorConfig, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const wrong = new Set(error.mistakes.flatMap(({ name }) => [name, `${name}_FILE`]));
    const rest = Object.entries(environment).filter(([name]) => !wrong.has(name));
    return loadConfig(doctorConfig, Object.fromEntries(rest));
  }
}
