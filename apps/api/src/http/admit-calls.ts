import { readCredentials } from '@runfleet/identity';
import type { MiddlewareHandler } from 'hono';

import type { ApiContext, ApiEnv } from '../api-context.ts';

/** Asked often by what watches over this process, and answered without work. */
const FREE_PATHS: readonly string[] = ['/healthz', '/readyz'];

/**
 * Counts calls without a key against their address before anything is done for them; calls with one
 * count once the key is known. What a call holds in memory is given back when it is answered.
 */
export function admitCalls(ctx: Pick<ApiContext, 'rates'>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const isFree = FREE_PATHS.includes(c.req.path) || c.req.method === 'OPTIONS';
    if (!isFree && readCredentials(c.req.raw.headers) === null) {
      ctx.rates.requireCall({ ip: c.var.trace.ip });
    }
    try {
      await next();
    } finally {
      c.var.held?.[Symbol.dispose]();
    }
  };
}
