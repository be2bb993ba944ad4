import { portSetting, sharedSettings } from '@runfleet/service';
import { z } from 'zod';

const { DATABASE_URL, REDIS_URL, LOG_LEVEL, TICKET_TRANSPORT } = sharedSettings;

/** The environment of the broker role. */
export const brokerConfig = z.object({
  DATABASE_URL,
  REDIS_URL,
  LOG_LEVEL,
  TICKET_TRANSPORT,
  CALLBACK_LOG_DAYS: z.coerce
    .number()
    .int()
    .positive()
    .default(30)
    .describe('Days for which callbacks that were delivered or failed are kept, with their log.'),
  BROKER_HOST: z.string().default('127.0.0.1').describe('Address of health and metrics.'),
  BROKER_PORT: portSetting(3102, 'Port of /healthz, /readyz and /metrics;'),
});
