import type { ApiContext, ApiRequest } from '../api-context.ts';
import { parseJsonBody } from './parse-json-body.ts';
import { parseMultipartBody } from './parse-multipart-body.ts';
import { readBody } from './read-body.ts';

/** Enough for every call but Run, whose parameters may be as long as the operator allows. */
export const SMALL_BODY_BYTES = 16_384;

/**
 * The body of a call as an object, `limitBytes` of it at most. Forms say so in their content type;
 * everything else is read as JSON, since `curl -d` without a header says that it is a form. Call it
 * once the caller is known: the body counts as theirs. Throws `body_too_large`, `rate_limited`,
 * `unavailable`, `invalid_request`.
 */
export async function readParameters(
  ctx: Pick<ApiContext, 'bodies' | 'rates'>,
  c: ApiRequest,
  limitBytes: number,
): Promise<Record<string, unknown>> {
  const contentType = c.req.header('content-type') ?? '';
  const bytes = await readBody(ctx, c, limitBytes);
  ctx.rates.requireBytes(c.var.trace, bytes.length);
  return /^multipart\/form-data\b/i.test(contentType)
    ? parseMultipartBody(bytes, contentType)
    : parseJsonBody(bytes);
}
