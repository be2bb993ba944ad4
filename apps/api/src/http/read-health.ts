import { RunfleetError } from '@runfleet/protocol';
import type { Health } from '@runfleet/service';

import type { ApiHandler } from '../api-context.ts';
import { answerHeaders } from './answer.ts';

export const HEALTH_PATHS = ['/healthz', '/readyz', '/metrics'] as const;

export function readHealth(ctx: { health: Health }): ApiHandler {
  return async (c) => {
    const found = await ctx.health.respond(c.req.path);
    if (found === null) throw new RunfleetError('path_not_found', `${c.req.path} does not exist.`);
    const headers = answerHeaders(c, found.contentType);
    return new Response(found.body, { status: found.status, headers });
  };
}
