import type { ApiContext, ApiRequest } from '../api-context.ts';
import { identifyCaller, resolvePrincipal } from '../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../http/read-parameters.ts';

/** What every call about tasks begins with: whose tasks, and what is asked. */
export async function openTaskCall(
  ctx: ApiContext,
  c: ApiRequest,
): Promise<{ organisationId: string; body: Record<string, unknown> }> {
  const caller = await identifyCaller(ctx, c);
  const body = await readParameters(ctx, c, SMALL_BODY_BYTES);
  const { organisationId } = await resolvePrincipal(ctx, c, caller, body['projectid']);
  return { organisationId, body };
}
