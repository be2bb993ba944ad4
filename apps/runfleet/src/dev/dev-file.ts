import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { Credentials } from './seed.ts';

const credentialsSchema = z.object({
  projectId: z.string(),
  apiKey: z.string(),
  apiSecret: z.string(),
  adminEmail: z.string(),
  adminPassword: z.string(),
}) satisfies z.ZodType<Credentials>;

/** What `npm start` prints, for programs: `dev.json` in its home, readable only by its owner. */
export type DevFile = Credentials & {
  apiUrl: string;
  socketUrl: string;
  dashboardUrl: string;
  databaseUrl: string;
  redisUrl: string;
};

const credentialsPath = (dataHome: string): string => join(dataHome, 'credentials.json');

/** Returns the path of the file. */
export async function writeDevFile(home: string, file: DevFile): Promise<string> {
  const path = join(home, 'dev.json');
  await writePrivately(path, file);
  return path;
}

/** The credentials that belong to the database in the same folder; null if there are none. */
export async function readCredentials(dataHome: string): Promise<Credentials | null> {
  try {
    const text = await readFile(credentialsPath(dataHome), 'utf8');
    return credentialsSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // Absent or damaged: new ones are made.
    return null;
  }
}

export function writeCredentials(dataHome: string, credentials: Credentials): Promise<void> {
  return writePrivately(credentialsPath(dataHome), credentials);
}

/** Writes atomically; the file is readable only by its owner from the first byte on. */
async function writePrivately(path: string, content: unknown): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await chmod(aside, 0o600);
  await rename(aside, path);
}
