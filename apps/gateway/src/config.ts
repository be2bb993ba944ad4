import { z } from 'zod';

/** The environment of the gateway role. */
export const gatewayConfig = z.object({
  DATABASE_URL: z.string().describe('Postgres, as postgres://user:password@host:port/database.'),
  REDIS_URL: z.string().describe('Redis 7 or later, as redis://:password@host:port/0.'),
  GATEWAY_HOST: z.string().default('127.0.0.1').describe('Address of the socket and of health.'),
  GATEWAY_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(3101)
    .describe('Port of the socket (/v1), the event streams, /healthz, /readyz and /metrics.'),
  GATEWAY_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .transform((origins) => origins.filter((origin) => origin !== ''))
    .describe(
      'Origins whose pages may open a socket, separated by commas; empty allows every page.',
    ),
  GATEWAY_CONNECTIONS_MAX: z.coerce
    .number()
    .int()
    .min(1)
    .default(20_000)
    .describe('Sockets and event streams open at once; more are refused with 503.'),
  GATEWAY_BUFFER_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(256 * 1024 * 1024)
    .describe('Bytes that may wait for slow clients in all; beyond it the slowest are closed.'),
});

export type GatewayConfig = z.infer<typeof gatewayConfig>;
