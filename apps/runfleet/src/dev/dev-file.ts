import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

const devFileSchema = z.object({
  apiUrl: z.string(),
  socketUrl: z.string(),
  dashboardUrl: z.string(),
  apiKey: z.string(),
  apiSecret: z.string(),
  projectId: z.string(),
  adminEmail: z.string(),
  adminPassword: z.string(),
  databaseUrl: z.string(),
  redisUrl: z.string(),
});

/** What `npm start` prints, for programs: `.runfleet/dev.json`, readable by its owner alone. */
export type DevFile = z.infer<typeof devFileSchema>;

const devFilePath = (home: string): string => join(home, 'dev.json');

/** The former start's file, or null where there is none that can be read. */
export async function readDevFile(home: string): Promise<DevFile | null> {
  try {
    const parsed = devFileSchema.safeParse(JSON.parse(await readFile(devFilePath(home), 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export async function writeDevFile(home: string, file: DevFile): Promise<void> {
  const path = devFilePath(home);
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  await chmod(aside, 0o600);
  await rename(aside, path);
}
