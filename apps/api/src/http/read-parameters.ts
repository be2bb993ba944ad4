import type { ApiRequest, ApiSettings } from '../api-context.ts';
import { parseJsonBody } from './parse-json-body.ts';
import { parseMultipartBody } from './parse-multipart-body.ts';
import { readBody } from './read-body.ts';

/**
 * The body of a call as an object. Forms say so in their content type; everything else is read as
 * JSON, since `curl -d` without a header says that it is a form.
 */
export async function readParameters(
  ctx: { settings: ApiSettings },
  c: ApiRequest,
): Promise<Record<string, unknown>> {
  const contentType = c.req.header('content-type') ?? '';
  const bytes = await readBody(c.req.raw, ctx.settings.bodyLimitBytes);
  return /^multipart\/form-data\b/i.test(contentType)
    ? parseMultipartBody(bytes, contentType)
    : parseJsonBody(bytes);
}
