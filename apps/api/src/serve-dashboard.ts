import { readdir, readFile } from 'node:fs/promises';
import { extname, join, posix, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

import { RunfleetError } from '@runfleet/protocol';

import type { ApiHandler, ApiRequest, ApiSettings } from './api-context.ts';
import { answerHeaders } from './http/answer.ts';

type Asset = {
  body: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer> | null;
  contentType: string;
};
type Dashboard = ReadonlyMap<string, Asset>;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};
const INDEX = '/index.html';
/** Files that the build names after a hash of their content. */
const HASHED = '/assets/';
const GZIP_WORTH_BYTES = 1_024;

/**
 * Serves the built dashboard, which is read into memory at the first request. A path without a file
 * gets the page, which has a router. Because model names contain dots, only paths with an extension of
 * the build's own files are answered with 404.
 */
export function serveDashboard(ctx: { settings: ApiSettings }): ApiHandler {
  const { dashboardDir, socketUrl } = ctx.settings;
  const policy = contentSecurityPolicy(socketUrl);
  let dashboard: Promise<Dashboard> | null = null;
  return async (c) => {
    dashboard ??= readDashboard(dashboardDir);
    const files = await dashboard;
    if (!files.has(INDEX)) {
      dashboard = null;
      throw new RunfleetError(
        'path_not_found',
        'The dashboard is not built. Build it with: pnpm --filter @runfleet/dashboard build',
      );
    }
    const asset = files.get(c.req.path);
    if (asset) return answerAsset(c, asset, policy);
    const page = files.get(INDEX);
    if (!page || c.req.path.startsWith(HASHED) || extname(c.req.path) in CONTENT_TYPES) {
      throw new RunfleetError('path_not_found', `${c.req.path} does not exist.`);
    }
    return answerAsset(c, page, policy);
  };
}

function answerAsset(c: ApiRequest, asset: Asset, policy: string): Response {
  const acceptsGzip = c.req.header('accept-encoding')?.includes('gzip') ?? false;
  const gzip = acceptsGzip ? asset.gzip : null;
  const headers = answerHeaders(c, asset.contentType, {
    'content-security-policy': policy,
    'cache-control': c.req.path.startsWith(HASHED)
      ? 'public, max-age=31536000, immutable'
      : 'no-cache',
    vary: 'accept-encoding',
    ...(gzip === null ? {} : { 'content-encoding': 'gzip' }),
  });
  return new Response(c.req.method === 'HEAD' ? null : (gzip ?? asset.body), { headers });
}

/** Everything is loaded from this origin; the only other connection allowed is to the gateway. */
function contentSecurityPolicy(socketUrl: string): string {
  return [
    "default-src 'self'",
    `connect-src 'self' ${new URL(socketUrl).origin}`,
    "img-src 'self' data: blob:",
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

async function readDashboard(dir: string): Promise<Dashboard> {
  const files = new Map<string, Asset>();
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const contentType = CONTENT_TYPES[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const body = new Uint8Array(await readFile(path));
    const isText = !/^(image\/(png|webp|x-icon)|font)/.test(contentType);
    const isWorth = isText && body.byteLength > GZIP_WORTH_BYTES;
    files.set(`/${relative(dir, path).split(sep).join(posix.sep)}`, {
      body,
      gzip: isWorth ? new Uint8Array(gzipSync(body)) : null,
      contentType,
    });
  }
  return files;
}
