import type { Db } from '@runfleet/db';
import { type MasterKey, readMasterKey } from '@runfleet/identity';

import { readDoctorSettings } from '../doctor/doctor-settings.ts';
import { requireSameMasterKey } from '../init/init-settings.ts';
import { openDatabase } from '../operate/open-database.ts';

/**
 * Opens the deployment's database and its master key; it never creates a key. Throws if either is
 * missing or they belong to different deployments.
 */
export async function openKeyring(
  name: string,
): Promise<AsyncDisposable & { db: Db; masterKey: MasterKey }> {
  const { masterKey: hex, masterKeyFile: file } = await readDoctorSettings(process.env);
  const masterKey = await readMasterKey({ hex: hex ?? undefined, file });
  if (masterKey === null) {
    throw new Error(
      `There is no master key: MASTER_KEY is not set, and ${file} does not exist. Set the key that the API uses.`,
    );
  }
  const db = await openDatabase(name);
  const close = () => db[Symbol.asyncDispose]();
  try {
    await requireSameMasterKey({ db, masterKey });
  } catch (error) {
    await close();
    throw error;
  }
  return { db, masterKey, [Symbol.asyncDispose]: close };
}
