import { portSetting, sharedSettings } from '@runfleet/service';
import { storageSettings } from '@runfleet/storage';
import { UNKNOWN_LABELS } from '@runfleet/tasks';
import { z } from 'zod';

const {
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  PUBLIC_API_URL,
  STOP_NOTICE_SECONDS,
  MAX_TOKENS_CAP,
  MAX_TIMEOUT_SECONDS,
  MASTER_KEY,
  MASTER_KEY_FILE,
  TRUSTED_PROXY_HOPS,
  TRUSTED_PROXIES,
  FORWARDED_HEADER,
  OUTBOUND_NETWORKS,
} = sharedSettings;

const positive = (fallback: number) => z.coerce.number().int().positive().default(fallback);

/** The environment of the api role. */
export const apiConfig = z.object({
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  ...storageSettings,
  PUBLIC_API_URL,
  STOP_NOTICE_SECONDS,
  MAX_TOKENS_CAP,
  MAX_TIMEOUT_SECONDS,
  TRUSTED_PROXY_HOPS,
  TRUSTED_PROXIES,
  FORWARDED_HEADER,
  OUTBOUND_NETWORKS,
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
    .describe('The largest body of a Run, in bytes; other calls take 16 KB'),
  INPUT_FILE_BYTES: positive(10_000_000).describe(
    'Bytes of the files of one Run together; their text counts as part of its body (BODY_LIMIT_BYTES)',
  ),
  API_BUFFER_BYTES: positive(64 * 1024 * 1024).describe(
    'Bytes of request bodies in memory at once, and the same for answers that wait for slow readers',
  ),
  API_CONNECTIONS_MAX: positive(10_000).describe(
    'Connections that may be open at once; further ones are closed',
  ),
  API_CONNECTIONS_PER_ADDRESS: positive(1_000).describe(
    'Connections of one address at once; not limited behind proxies (TRUSTED_PROXY_HOPS)',
  ),
  FILES_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'The public URL of /v1 for reading files, on an origin of its own that serves nothing else; PUBLIC_API_URL if not set',
    ),
  FILE_BYTES_MAX: positive(100_000_000).describe('The largest file that can be uploaded, in bytes'),
  FILE_QUOTA_BYTES: positive(10_000_000_000).describe(
    'Bytes of all uploaded files of one organisation',
  ),
  FILE_QUOTA_ENTRIES: z.coerce
    .number()
    .int()
    .positive()
    .max(200_000)
    .default(20_000)
    .describe('Uploaded files and folders of one organisation, 200,000 at most'),
  FILE_KEPT_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(36_500)
    .default(0)
    .describe('Days after which an uploaded file expires; 0 keeps it until it is deleted'),
  API_UPLOADS_MAX: positive(32).describe(
    'Uploads that one api receives at once; further ones are refused with 503',
  ),
  API_UPLOADS_PER_ORGANISATION: positive(8).describe(
    'The same of one organisation; further ones are refused with 429',
  ),
  API_WAIT_SECONDS: positive(2_400).describe(
    'Seconds that Run/.../sync waits for the end of its task; then it answers 504 with the task',
  ),
  API_WAITS_MAX: positive(5_000).describe(
    'Calls that may wait for their task at once; further ones are refused with 503',
  ),
  API_WAITS_PER_PROJECT: positive(2_000).describe(
    'The same of one project; further ones are refused with 429',
  ),
  API_CALLS_PER_SECOND_PER_ADDRESS: positive(100).describe(
    'Calls per second without a key, or with a wrong one, from one address; bursts of four times that',
  ),
  API_CALLS_PER_SECOND_PER_PROJECT: positive(5_000).describe(
    'Calls per second of one project to one api; each KB of a body or an answer, 50 steps of a grammar, and 1,000 counted tasks, count as one; bursts of twice that',
  ),
  API_CALLBACKS_AT_ONCE: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000)
    .default(64)
    .describe(
      'Callbacks that this api sends at once, half of them at most for one organisation; 0 sends none',
    ),
  API_EXPORTS_AT_ONCE: z.coerce
    .number()
    .int()
    .min(0)
    .max(100)
    .default(1)
    .describe('Exports that this api writes at once; 0 writes none'),
  UNKNOWN_LABELS: z
    .enum(UNKNOWN_LABELS)
    .default('park')
    .describe(
      'What happens to a Run that requires a label no worker ever had: park it until one has, or refuse it.',
    ),
  TRUSTED_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .transform((origins) => origins.filter((origin) => origin !== ''))
    .describe('Additional origins that may use the dashboard session, separated by commas'),
});

export type ApiConfig = z.infer<typeof apiConfig>;
