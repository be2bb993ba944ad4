import { type Db, openDb } from '@runfleet/db';
import { loadConfig, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

import { readDoctorSettings } from '../doctor/doctor-settings.ts';

/** Opens the environment's database, else that of a running `npm start`. Throws if there is neither. */
export async function openDatabase(name: string): Promise<Db> {
  return openDb(await readDatabaseUrl(), { connections: 1, name, waitMs: 0 });
}

/** The environment's database, else that of a running `npm start`. Throws if there is neither, or it is no URL. */
export async function readDatabaseUrl(): Promise<string> {
  const { databaseUrl } = await readDoctorSettings(process.env);
  if (databaseUrl === null) {
    throw new Error('There is no database: set DATABASE_URL, or run `npm start` at the same time.');
  }
  return loadConfig(databaseConfig, { DATABASE_URL: databaseUrl }).DATABASE_URL;
}

const databaseConfig = z.object({ DATABASE_URL: sharedSettings.DATABASE_URL });
