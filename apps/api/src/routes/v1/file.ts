import { RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiHandler } from '../../api-context.ts';
import { answerHeaders } from '../../http/answer.ts';
import { readRange } from '../../http/read-range.ts';
import { findPublicFile, openPublicFile, type PublicFile } from '../../public-files/public-file.ts';
import type { Route } from '../../route.ts';

/**
 * The types that a browser may show in place. All others, HTML and SVG above all, are downloads.
 */
const SHOWN_IN_PLACE = /^(?:text\/plain|image\/(?!svg)[^;]+|audio\/[^;]+|video\/[^;]+)(?:;|$)/;
const PRESIGNED_SECONDS = 300;

/** A file, for anyone who has its access key. */
export const fileRoute: Route = {
  call: 'GET /v1/file/:accesskey/:name',
  answer: null,
  open: readFile,
};

function readFile(ctx: Pick<ApiContext, 'db' | 'storage' | 'settings'>): ApiHandler {
  return async (c) => {
    const named = { accessKey: c.req.param('accesskey') ?? '', name: c.req.param('name') ?? '' };
    const file = await findPublicFile(ctx, named);
    if (file === null) throw notFound();
    const { sizeBytes } = file;
    // The text of an upload was checked to be UTF-8.
    const contentType = /^text\/[a-z]+$/.test(file.contentType)
      ? `${file.contentType}; charset=utf-8`
      : file.contentType;
    const tag = `"${file.id}"`;
    const isInPlace = SHOWN_IN_PLACE.test(contentType);
    const disposition = isInPlace ? null : `attachment; filename*=UTF-8''${encodeName(named.name)}`;
    const headers = answerHeaders(c, contentType, {
      'accept-ranges': 'bytes',
      // The bytes of a file never change, but it may be deleted at any time.
      'cache-control': 'private, no-cache',
      etag: tag,
      'content-security-policy': "sandbox; default-src 'none'",
      // A page that shows a file of another origin embeds it, which needs no credentials.
      'cross-origin-resource-policy': 'cross-origin',
      ...(disposition === null ? {} : { 'content-disposition': disposition }),
    });
    if (c.req.header('if-none-match') === tag) return new Response(null, { status: 304, headers });

    const isCurrent = [undefined, tag].includes(c.req.header('if-range'));
    const range = isCurrent ? readRange(c.req.header('range'), sizeBytes) : null;
    if (range === 'unsatisfiable') {
      headers['content-range'] = `bytes */${sizeBytes}`;
      return new Response(null, { status: 416, headers });
    }
    if (c.req.method === 'HEAD') {
      headers['content-length'] = String(sizeBytes);
      return new Response(null, { headers });
    }
    const elsewhere = disposition && (await presign(ctx, file, disposition));
    if (elsewhere) {
      return new Response(null, { status: 302, headers: { ...headers, location: elsewhere } });
    }
    const body = await openPublicFile(ctx, file, range);
    if (body === null) throw notFound();
    headers['content-length'] = String(range === null ? sizeBytes : range.last - range.first + 1);
    if (range !== null)
      headers['content-range'] = `bytes ${range.first}-${range.last}/${sizeBytes}`;
    // Unlike `Readable.toWeb`, this reads only as much as the connection takes.
    return new Response(ReadableStream.from(body) as ReadableStream<Uint8Array>, {
      status: range === null ? 200 : 206,
      headers,
    });
  };
}

async function presign(
  { storage }: Pick<ApiContext, 'storage'>,
  { storageKey, contentType }: PublicFile,
  contentDisposition: string,
): Promise<string | null> {
  if (storageKey === null) return null;
  return storage.presign(storageKey, {
    expiresSeconds: PRESIGNED_SECONDS,
    contentType,
    contentDisposition,
  });
}

function notFound(): RunfleetError {
  return new RunfleetError('file_not_found', 'No such file. It may have been deleted.');
}

/** Escapes the characters that URLs allow but an extended header value does not. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
