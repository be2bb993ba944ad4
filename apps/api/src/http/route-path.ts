import { getPath } from 'hono/utils/url';

const PREFIX = '/v1/';
const FILE = '/v1/file/';

/**
 * The path that routes are matched by. Slashes that are repeated or at the end do not matter, as a
 * base URL that ends in one makes them. Under `/v1` neither does the case of a call and of slugs;
 * access keys and file names keep theirs.
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
