import { getPath } from 'hono/utils/url';

const PREFIX = '/v1/';
const FILE = '/v1/file/';

/**
 * The path that routes are matched by. Under `/v1` the case of a call and of slugs does not matter;
 * access keys and file names keep theirs.
 */
export function routePath(request: Request): string {
  const path = getPath(request);
  if (!path.startsWith(PREFIX)) return path;
  const lower = path.toLowerCase();
  return lower.startsWith(FILE) ? FILE + path.slice(FILE.length) : lower;
}
