import { Readable } from 'node:stream';

import type { Db } from '@runfleet/db';
import { RunfleetError } from '@runfleet/protocol';
import type { ObjectStorage, StoredObject } from '@runfleet/storage';

import type { ApiHandler } from '../../api-context.ts';
import { answerHeaders } from '../../http/answer.ts';
import type { Route } from '../../route.ts';

const ACCESS_KEY_PATTERN = /^[A-Za-z0-9]{30}$/;
/**
 * The types that a browser may show in place. All others, HTML and SVG above all, are downloads.
 */
const SHOWN_IN_PLACE = /^(text\/plain|image\/(png|jpeg|gif|webp|avif))(;|$)/;

/** `text` if the file is a task's answer, else `storageKey`. */
type FileRow = { contentType: string; storageKey: string | null; text: string | null };

/** A file, for anyone who has its access key. */
export const fileRoute: Route = {
  call: 'GET /v1/file/:accesskey/:name',
  answer: null,
  open: readFile,
};

function readFile(ctx: { db: Db; storage: ObjectStorage }): ApiHandler {
  return async (c) => {
    const name = c.req.param('name') ?? '';
    const file = await findFile(ctx.db, c.req.param('accesskey') ?? '', name);
    const stored = file && (await openFile(ctx.storage, file));
    if (!file || !stored) {
      throw new RunfleetError('file_not_found', 'No such file. It may have been deleted.');
    }
    const headers = answerHeaders(c, file.contentType, {
      'content-length': String(stored.sizeBytes),
      'cache-control': 'private, max-age=300',
      'content-security-policy': "default-src 'none'; sandbox",
      ...(SHOWN_IN_PLACE.test(file.contentType)
        ? {}
        : { 'content-disposition': `attachment; filename*=UTF-8''${encodeName(name)}` }),
    });
    if (c.req.method === 'HEAD') {
      stored.body.destroy();
      return new Response(null, { headers });
    }
    return new Response(Readable.toWeb(stored.body) as ReadableStream<Uint8Array>, { headers });
  };
}

async function findFile(db: Db, accessKey: string, name: string): Promise<FileRow | undefined> {
  if (!ACCESS_KEY_PATTERN.test(accessKey) || name.includes('\0')) return undefined;
  const [file] = await db.sql<FileRow[]>`
    select f.content_type as "contentType", f.storage_key as "storageKey",
      case when f.storage_key is null then t.debug_output end as text
    from files f left join tasks t on t.id = f.task_id
    where f.access_key = ${accessKey} and f.name = ${name}`;
  return file;
}

async function openFile(storage: ObjectStorage, file: FileRow): Promise<StoredObject | null> {
  if (file.storageKey !== null) return storage.get(file.storageKey);
  if (file.text === null) return null;
  const body = Buffer.from(file.text);
  return { body: Readable.from([body]), sizeBytes: body.byteLength };
}

/** Escapes the characters that URLs allow but an extended header value does not. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
