import { readCredentials } from '@runfleet/identity';
import type { MiddlewareHandler } from 'hono';

import type { ApiContext, ApiEnv } from '../api-context.ts';
import { laterAnswer } from './answer-later.ts';

/** Paths that probes call often and that cost no work. */
const FREE_PATHS: readonly string[] = ['/healthz', '/readyz'];

/**
 * Counts calls without a key against their address before any other work; calls with a key are
 * counted when the key has been checked. An answer's bytes are counted, and the memory that the call
 * holds is released, when it is answered.
 */
export function admitCalls(ctx: Pick<ApiContext, 'rates'>): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const isFree = FREE_PATHS.includes(c.req.path) || c.req.method === 'OPTIONS';
    if (!isFree && readCredentials(c.req.raw.headers) === null) {
      ctx.rates.requireCall({ ip: c.var.trace.ip });
    }
    const { trace } = c.var;
    const chargeAnswer = () => ctx.rates.chargeBytes(trace, trace.answerBytes ?? 0);
    try {
      await next();
    } finally {
      chargeAnswer();
      c.var.held?.[Symbol.dispose]();
    }
    void laterAnswer(c.res)?.then(chargeAnswer);
  };
}
