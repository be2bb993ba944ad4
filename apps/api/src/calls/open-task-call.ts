import type { ApiContext, ApiRequest } from '../api-context.ts';
import { identifyCaller, resolvePrincipal } from '../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../http/read-parameters.ts';

/** The start of every call about tasks: whose tasks it concerns, and its parameters. */
export async function openTaskCall(
  ctx: ApiContext,
  c: ApiRequest,
): Promise<{ organisationId: string; projectId: string; body: Record<string, unknown> }> {
  const caller = await identifyCaller(ctx, c);
  const body = await readParameters(ctx, c, SMALL_BODY_BYTES);
  const { organisationId, projectId } = await resolvePrincipal(ctx, c, caller, body['projectid']);
  return { organisationId, projectId, body };
}
