import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { answersAsRunfleet } from './answers-as-runfleet.ts';

const runningDevSchema = z.object({
  apiUrl: z.url(),
  socketUrl: z.url(),
  databaseUrl: z.string(),
  redisUrl: z.string(),
});

/** The addresses of a running `npm start`. */
export type RunningDev = z.infer<typeof runningDevSchema>;

/** The `npm start` of that home, or null if none is running: a crashed one leaves its file behind. */
export async function readRunningDev(home: string): Promise<RunningDev | null> {
  const text = await readFile(join(home, 'dev.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  const dev = runningDevSchema.safeParse(parseJson(text)).data;
  if (!dev) return null;
  const { hostname, port } = new URL(dev.apiUrl);
  return (await answersAsRunfleet(hostname, Number(port))) ? dev : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
