import { portSetting, sharedSettings } from '@runfleet/service';
import { UNKNOWN_LABELS } from '@runfleet/tasks';
import { z } from 'zod';

const {
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  STORAGE_DIR,
  PUBLIC_API_URL,
  STOP_NOTICE_SECONDS,
  MAX_TOKENS_CAP,
  MAX_TIMEOUT_SECONDS,
  MASTER_KEY,
  MASTER_KEY_FILE,
  TRUSTED_PROXY_HOPS,
} = sharedSettings;

/** The environment of the api role. */
export const apiConfig = z.object({
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  STORAGE_DIR,
  PUBLIC_API_URL,
  STOP_NOTICE_SECONDS,
  MAX_TOKENS_CAP,
  MAX_TIMEOUT_SECONDS,
  TRUSTED_PROXY_HOPS,
  MASTER_KEY,
  MASTER_KEY_FILE,
  API_HOST: z.string().default('127.0.0.1').describe('The address that the API listens on'),
  API_PORT: portSetting(3100, 'Port of the API and the dashboard;'),
  PUBLIC_SOCKET_URL: z
    .url({ protocol: /^wss?$/ })
    .default('ws://127.0.0.1:3101/v1')
    .describe('Where clients reach the gateway'),
  DASHBOARD_DIR: z
    .string()
    .optional()
    .describe('The folder of the built dashboard; apps/dashboard/dist if not set'),
  BODY_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(1_000_000)
    .describe('The largest request body, in bytes'),
  UNKNOWN_LABELS: z
    .enum(UNKNOWN_LABELS)
    .default('park')
    .describe(
      'A Run that requires a label no worker ever carried: park it until one does, or refuse it.',
    ),
  TRUSTED_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .transform((origins) => origins.filter((origin) => origin !== ''))
    .describe('More origins whose pages may use the dashboard session, separated by commas'),
});

export type ApiConfig = z.infer<typeof apiConfig>;
