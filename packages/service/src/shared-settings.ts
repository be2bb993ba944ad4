import { z } from 'zod';

import { parseNetworks } from './trusted-proxies.ts';

const positive = () => z.coerce.number().int().positive();

/** Addresses and networks, separated by commas; null if there are none. */
const networks = () =>
  z
    .string()
    .default('')
    .transform((text, ctx) => {
      try {
        return parseNetworks(text);
      } catch (error) {
        ctx.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    });

/**
 * Settings with the same meaning in every role. A role's schema picks those that it needs: `{
 * LOG_LEVEL: sharedSettings.LOG_LEVEL, ... }`.
 */
export const sharedSettings = {
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/ })
    .describe('Postgres, as postgres://user:password@host:port/database.'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .describe('Redis 7 or later, as redis://:password@host:port.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('The least important log lines to write.'),
  TICKET_TRANSPORT: z
    .enum(['lists', 'bullmq'])
    .default('lists')
    .describe(
      'How brokers send tickets to workers: plain Redis lists, or BullMQ queues. The same for all roles.',
    ),
  PUBLIC_API_URL: z
    .url({ protocol: /^https?$/ })
    .default('http://127.0.0.1:3100/v1')
    .describe('The URL of the API for clients, with its version; the URLs of files begin with it.'),
  MASTER_KEY: z
    .string()
    .regex(/^[0-9a-fA-F]{64}$/, 'needs 64 hex digits')
    .optional()
    .describe('32 bytes in hex that seal the secrets of projects.'),
  MASTER_KEY_FILE: z
    .string()
    .default('.runfleet/master.key')
    .describe(
      'The file of the master key if MASTER_KEY is not set; the API creates it if it is missing.',
    ),
  TRUSTED_PROXY_HOPS: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe('How many of your reverse proxies a call passes; 0 ignores their headers.'),
  TRUSTED_PROXIES: networks().describe(
    'Instead of TRUSTED_PROXY_HOPS: addresses and networks of the proxies, separated by commas.',
  ),
  OUTBOUND_NETWORKS: networks().describe(
    'Addresses and networks that callbacks may call besides the public internet, separated by commas.',
  ),
  FORWARDED_HEADER: z
    .enum(['x-forwarded-for', 'forwarded'])
    .default('x-forwarded-for')
    .describe("The header in which your proxies report a caller's address."),
  STOP_NOTICE_SECONDS: z.coerce
    .number()
    .min(0)
    .max(15)
    .default(5)
    .describe(
      'Seconds to keep serving, with /readyz at 503, after a request to stop; 0 closes at once.',
    ),
  MAX_TOKENS_CAP: positive()
    .default(1024)
    .describe('The most tokens that a task may generate, and the meaning of max_tokens 0.'),
  MAX_TIMEOUT_SECONDS: positive()
    .default(3600)
    .describe('The longest timeout that a Run may request, in seconds.'),
} as const;

/** The setting of a role's port. */
export function portSetting(fallback: number, purpose: string) {
  return z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(fallback)
    .describe(`${purpose} 0 picks a free one.`);
}
