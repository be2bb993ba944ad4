import { portSetting, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

const { DATABASE_URL, REDIS_URL, LOG_LEVEL, PUBLIC_API_URL, TRUSTED_PROXY_HOPS } = sharedSettings;

/** The environment of the gateway role. */
export const gatewayConfig = z.object({
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  PUBLIC_API_URL,
  TRUSTED_PROXY_HOPS,
  GATEWAY_HOST: z.string().default('127.0.0.1').describe('Address of the socket and of health.'),
  GATEWAY_PORT: portSetting(3101, 'Port of the socket, event streams, health and metrics;'),
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
