import { getPath } from 'hono/utils/url';

import type { Route } from '../route.ts';

const PREFIX = '/v1/';

/**
 * How paths are written to match routes. They have no repeated or trailing slashes, which a base URL
 * with a trailing slash produces. Under `/v1`, names of calls are in lower case, and what a route takes
 * as a parameter (a slug, an access key, a file's name) keeps its case.
 */
export function routePathOf(routes: readonly Pick<Route, 'call'>[]): (request: Request) => string {
  const paths = routes.map(({ call }) => call.slice(call.indexOf('/')));
  const fixed = new Set(paths.filter((path) => !path.includes('/:')));
  const patterns = paths.filter((path) => path.includes('/:')).map((path) => path.split('/'));

  return (request) => {
    const path = withoutSpareSlashes(getPath(request));
    const lower = path.toLowerCase();
    if (!`${lower}/`.startsWith(PREFIX)) return path;
    if (fixed.has(lower)) return lower;
    const names = lower.split('/');
    const pattern = patterns.find((segments) => isMatch(segments, names));
    if (!pattern) return lower;
    const given = path.split('/');
    return names.map((name, index) => (pattern[index] === name ? name : given[index])).join('/');
  };
}

function isMatch(segments: readonly string[], names: readonly string[]): boolean {
  return (
    segments.length === names.length &&
    segments.every((segment, index) => segment.startsWith(':') || segment === names[index])
  );
}

function withoutSpareSlashes(path: string): string {
  const single = path.includes('//') ? path.replace(/\/{2,}/g, '/') : path;
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single;
}
