import { portSetting, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

const {
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  PUBLIC_API_URL,
  TRUSTED_PROXY_HOPS,
  TRUSTED_PROXIES,
  FORWARDED_HEADER,
  MASTER_KEY,
  MASTER_KEY_FILE,
  STOP_NOTICE_SECONDS,
} = sharedSettings;

const positive = () => z.coerce.number().int().positive();

/** The environment of the gateway role. */
export const gatewayConfig = z.object({
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  PUBLIC_API_URL,
  TRUSTED_PROXY_HOPS,
  TRUSTED_PROXIES,
  FORWARDED_HEADER,
  MASTER_KEY,
  MASTER_KEY_FILE,
  STOP_NOTICE_SECONDS,
  GATEWAY_HOST: z.string().default('127.0.0.1').describe('Address that the gateway listens on.'),
  GATEWAY_PORT: portSetting(3101, 'Port of the socket, event streams, health and metrics;'),
  GATEWAY_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .transform((origins) => origins.filter((origin) => origin !== ''))
    .describe(
      'Origins whose pages may open a socket, separated by commas; empty allows every page.',
    ),
  GATEWAY_CONNECTIONS_MAX: positive()
    .default(20_000)
    .describe('Sockets and event streams open at once; more are refused with 503.'),
  GATEWAY_CONNECTIONS_PER_ADDRESS: positive()
    .default(1_000)
    .describe(
      'Sockets and event streams open at once from one address (IPv6: one /64); more are refused with 429.',
    ),
  GATEWAY_OPENS_PER_MINUTE: positive()
    .default(1_200)
    .describe('Sockets and event streams that one address may open in a minute.'),
  GATEWAY_REGISTER_SECONDS: positive()
    .default(10)
    .describe('Seconds within which a socket must name a task; otherwise it is closed.'),
  GATEWAY_BAD_TOKENS_PER_MINUTE: positive()
    .default(120)
    .describe(
      'Unknown task tokens that one address may send in a minute; then its socket is closed.',
    ),
  GATEWAY_BUFFER_BYTES: positive()
    .default(256 * 1024 * 1024)
    .describe(
      'Bytes that may be buffered for slow clients in total; beyond it the slowest are closed.',
    ),
  GATEWAY_MEMORY_BYTES: positive()
    .default(1024 * 1024 * 1024)
    .describe('Bytes of heap and buffers above which new connections are refused with 503.'),
});

export type GatewayConfig = z.infer<typeof gatewayConfig>;
