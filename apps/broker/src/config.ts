import { z } from 'zod';

export const brokerConfig = z.object({
  DATABASE_URL: z.string().describe('Postgres, as postgres://user:password@host:port/database.'),
  REDIS_URL: z.string().describe('Redis 7 or later, as redis://:password@host:port/0.'),
  BROKER_HOST: z.string().default('127.0.0.1').describe('Address of health and metrics.'),
  BROKER_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(3102)
    .describe('Port of /healthz, /readyz and /metrics.'),
});
