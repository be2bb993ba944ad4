import type { ApiContext, ApiRequest } from '../api-context.ts';
import { hasKey, identifyCaller } from '../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../http/read-parameters.ts';

/** The catalogue is for everybody, signed in or not; a key that is shown must still be right. */
export async function openToolCall(
  ctx: ApiContext,
  c: ApiRequest,
): Promise<Record<string, unknown>> {
  if (hasKey(c)) await identifyCaller(ctx, c);
  return readParameters(ctx, c, SMALL_BODY_BYTES);
}
