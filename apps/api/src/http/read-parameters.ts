import type { ApiContext, ApiRequest } from '../api-context.ts';
import { parseJsonBody } from './parse-json-body.ts';
import { parseMultipartBody, refuseFiles, type TakeFile } from './parse-multipart-body.ts';
import { readBody } from './read-body.ts';

/** The limit of every call except Run, whose limit is a setting. */
export const SMALL_BODY_BYTES = 16_384;

/**
 * Reads the body of a call, at most `limitBytes`, as an object. A multipart content type means a form,
 * whose files `takeFile` gets; anything else is parsed as JSON, because `curl -d` without a header sends
 * a form's content type. Call it once the caller is known, because the body counts against them. Throws
 * `body_too_large`, `rate_limited`, `unavailable`, `invalid_request`.
 */
export async function readParameters(
  ctx: Pick<ApiContext, 'bodies' | 'rates'>,
  c: ApiRequest,
  limitBytes: number,
  takeFile: TakeFile = refuseFiles,
): Promise<Record<string, unknown>> {
  const contentType = c.req.header('content-type') ?? '';
  const bytes = await readBody(ctx, c, limitBytes);
  ctx.rates.requireBytes(c.var.trace, bytes.length);
  return isForm(c) ? parseMultipartBody(bytes, contentType, takeFile) : parseJsonBody(bytes);
}

export function isForm(c: ApiRequest): boolean {
  return /^multipart\/form-data\b/i.test(c.req.header('content-type') ?? '');
}
