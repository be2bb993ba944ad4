import { z } from 'zod';

const ANSWER_MS = 1_500;
const healthSchema = z.object({ status: z.literal('ok') });

/** Whether a role of Runfleet answers /healthz at that address. */
export async function answersAsRunfleet(host: string, port: number): Promise<boolean> {
  const name = host.includes(':') ? `[${host}]` : host;
  try {
    const response = await fetch(`http://${name}:${port}/healthz`, {
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return response.ok && healthSchema.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}
