import { RunfleetError } from '@runfleet/protocol';
import type { MiddlewareHandler } from 'hono';

import type { ApiContext, ApiEnv } from '../api-context.ts';

const FILE_PATH = /^\/v1\/file\/[^/]+\/[^/]+$/i;
const PROBES: readonly string[] = ['/healthz', '/readyz'];

/**
 * Keeps files of tenants on an origin without sessions, where one is set: there, nothing but files is
 * served, and elsewhere a file's URL redirects to it. Null where files have no origin of their own.
 */
export function separateFiles({
  settings,
}: Pick<ApiContext, 'settings'>): MiddlewareHandler<ApiEnv> | null {
  const files = new URL(settings.filesUrl);
  if (files.host === new URL(settings.apiUrl).host) return null;
  return async (c, next) => {
    const { pathname } = new URL(c.req.url);
    const isThere = c.req.header('host') === files.host;
    const isFile = FILE_PATH.test(pathname) && ['GET', 'HEAD'].includes(c.req.method);
    if (isThere && !isFile && !PROBES.includes(pathname)) {
      throw new RunfleetError('path_not_found', 'Only files are served here.');
    }
    if (isThere || !isFile) return next();
    const location = `${settings.filesUrl}${pathname.slice('/v1'.length)}`;
    return new Response(null, { status: 307, headers: { location, 'cache-control': 'no-store' } });
  };
}
