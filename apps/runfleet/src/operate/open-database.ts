import { type Db, openDb } from '@runfleet/db';

import { readDoctorSettings } from '../doctor/doctor-settings.ts';

/** Opens the environment's database, else that of a running `npm start`. Throws if there is neither. */
export async function openDatabase(name: string): Promise<Db> {
  const { databaseUrl } = await readDoctorSettings(process.env);
  if (databaseUrl === null) {
    throw new Error('There is no database: set DATABASE_URL, or run `npm start` at the same time.');
  }
  return openDb(databaseUrl, { connections: 1, name, waitMs: 0 });
}
