import type { IncomingMessage } from 'node:http';

/** What a request asks for. A target that is no URL (`//`, `http://[`) becomes a path that nobody serves. */
export function requestUrl(request: IncomingMessage): URL {
  const target = request.url ?? '/';
  const base = 'http://gateway';
  return URL.canParse(target, base) ? new URL(target, base) : new URL('/unreadable', base);
}
