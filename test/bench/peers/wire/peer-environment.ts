import { z } from 'zod';

const environmentSchema = z.object({
  DATABASE_URL: z.string(),
  REDIS_URL: z.string(),
  API_PORT: z.coerce.number(),
  GATEWAY_PORT: z.coerce.number(),
  WORKER_SLOTS: z.coerce.number(),
  PROJECTS: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.array(z.object({ tenant: z.string(), apiKey: z.string(), apiSecret: z.string() }))),
});

/** The settings that the benchmark passes to each process of a peer. */
export const environment = environmentSchema.parse(process.env);

export const QUEUE = 'runs';

/** Reports to the benchmark that this process accepts work. */
export function reportReady(): void {
  process.stdout.write('ready\n');
}
