import type { IncomingMessage } from 'node:http';

/**
 * The URL of a request. Repeated slashes in its path become one, since a base URL that ends in a slash
 * produces two. A target that is no URL (`http://[`) becomes a path that is not served.
 */
export function requestUrl(request: IncomingMessage): URL {
  const [path = '/', ...query] = (request.url ?? '/').split('?');
  const plain = path.startsWith('/') ? path.replaceAll(/\/{2,}/g, '/') : path;
  const target = [plain, ...query].join('?');
  const base = 'http://gateway';
  return URL.canParse(target, base) ? new URL(target, base) : new URL('/unreadable', base);
}
