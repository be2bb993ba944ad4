import { RUN_HEADERS } from '@runfleet/protocol';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

import type { ApiEnv } from '../api-context.ts';

const allowEveryOrigin = cors({
  origin: '*',
  allowMethods: ['GET', 'POST'],
  allowHeaders: [
    'authorization',
    'content-type',
    'x-api-key',
    'x-nonce',
    'x-signature',
    'x-project-id',
    'x-request-id',
    ...Object.values(RUN_HEADERS),
  ],
  exposeHeaders: ['x-request-id', 'retry-after'],
  maxAge: 7200,
});

/**
 * Lets pages of every origin call the compatible API with an API key, never with a session: a
 * browser hides a `*` answer from a page that sent cookies, and the API refuses a cookie that comes
 * from another origin. Calls without an origin skip the middleware, which would copy each response.
 */
export const allowOtherOrigins: MiddlewareHandler<ApiEnv> = async (c, next) =>
  c.req.header('origin') === undefined ? next() : allowEveryOrigin(c, next);
