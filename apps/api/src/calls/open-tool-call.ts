import type { ApiContext, ApiRequest } from '../api-context.ts';
import { hasKey, identifyCaller } from '../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../http/read-parameters.ts';

/** The start of every catalogue call. It needs no key, but a key that is sent must be valid. */
export async function openToolCall(
  ctx: ApiContext,
  c: ApiRequest,
): Promise<Record<string, unknown>> {
  if (hasKey(c)) await identifyCaller(ctx, c);
  return readParameters(ctx, c, SMALL_BODY_BYTES);
}
