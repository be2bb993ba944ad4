import { RUN_HEADERS } from '@runfleet/protocol';
import type { MiddlewareHandler } from 'hono';

import type { ApiEnv } from '../api-context.ts';

const REQUEST_HEADERS = [
  'authorization',
  'content-type',
  'x-api-key',
  'x-nonce',
  'x-signature',
  'x-project-id',
  'x-request-id',
  ...Object.values(RUN_HEADERS),
].join(', ');
const MAX_AGE_SECONDS = '7200';

/**
 * Lets pages of every origin call the compatible API with a key of theirs. Never with a session: a
 * browser sends cookies to `*` only where the page does without the answer, and the API refuses a
 * cookie that comes from another origin.
 */
export const allowOtherOrigins: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (c.req.header('origin') === undefined) return next();
  if (c.req.method === 'OPTIONS') {
    return new Response(null, {
      status: 204,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': MAX_AGE_SECONDS,
      },
    });
  }
  await next();
  c.res.headers.set('access-control-allow-origin', '*');
  c.res.headers.set('access-control-expose-headers', 'x-request-id, retry-after');
};
