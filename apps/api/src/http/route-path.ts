import { getPath } from 'hono/utils/url';

const PREFIX = '/v1/';
const FILE = '/v1/file/';

/**
 * The path by which routes are matched. It has no repeated or trailing slashes, which a base URL with
 * a trailing slash produces. Under `/v1`, calls and slugs are in lower case; access keys and file names
 * keep their case.
 */
export function routePath(request: Request): string {
  const path = withoutSpareSlashes(getPath(request));
  const lower = path.toLowerCase();
  if (!`${lower}/`.startsWith(PREFIX)) return path;
  return lower.startsWith(FILE) ? FILE + path.slice(FILE.length) : lower;
}

function withoutSpareSlashes(path: string): string {
  const single = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single;
}
