import { z } from 'zod';

const port = () => z.coerce.number().int().min(0).max(65_535);
const positive = () => z.coerce.number().int().positive();
const url = (protocol: RegExp) => z.url({ protocol });

/** The environment of the api role. */
export const apiConfig = z.object({
  DATABASE_URL: url(/^postgres(ql)?$/).describe('Postgres, as postgres://user:password@host/name'),
  REDIS_URL: url(/^rediss?$/).describe('Redis 7 or newer, as redis://:password@host:6379'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('The least important log lines to write'),
  API_HOST: z.string().default('127.0.0.1').describe('The address that the API listens on'),
  API_PORT: port().default(3100).describe('The port that the API listens on; 0 picks a free one'),
  PUBLIC_API_URL: url(/^https?$/)
    .optional()
    .describe('Where clients reach the API; http://API_HOST:API_PORT/v1 if not set'),
  PUBLIC_SOCKET_URL: url(/^wss?$/)
    .default('ws://127.0.0.1:3101/v1')
    .describe('Where clients reach the gateway'),
  MASTER_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'needs 64 hex digits')
    .optional()
    .describe('32 bytes in hex that project secrets are sealed under'),
  MASTER_KEY_FILE: z
    .string()
    .default('.runfleet/master.key')
    .describe('The file of the master key where MASTER_KEY is not set; generated if absent'),
  STORAGE_DIR: z
    .string()
    .default('.runfleet/storage')
    .describe('The folder that holds the files of tasks, shared with the workers'),
  DASHBOARD_DIR: z
    .string()
    .optional()
    .describe('The folder of the built dashboard; apps/dashboard/dist if not set'),
  BODY_LIMIT_BYTES: positive().default(1_000_000).describe('The largest request body, in bytes'),
  MAX_TOKENS_CAP: positive()
    .default(1024)
    .describe('The most tokens a run may generate, and what max_tokens 0 stands for'),
  MAX_TIMEOUT_SECONDS: positive()
    .default(3600)
    .describe('The longest timeout that a run may ask for, in seconds'),
  TRUSTED_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .transform((origins) => origins.filter((origin) => origin !== ''))
    .describe('More origins whose pages may use the dashboard session, separated by commas'),
  TRUSTED_PROXY_HOPS: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe('How many reverse proxies of yours add to X-Forwarded-For; 0 ignores that header'),
});

export type ApiConfig = z.infer<typeof apiConfig>;
