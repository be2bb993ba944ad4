import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';

import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';

import type { ApiRequest } from '../api-context.ts';
import { BodyPace } from '../http/body-pace.ts';
import { Interruption } from '../http/interruption.ts';

/** The bytes of a form around its file. */
const FORM_BYTES_MAX = 64 * 1024;
const FIELD_BYTES_MAX = 1_024;
const PARTS_MAX = 20;
const FILE_PART = 'file';

type TakeFile = (file: { name: string; body: AsyncIterable<Uint8Array> }) => Promise<void>;

/**
 * The size of a form as its caller announced it; null if it did not. Throws `body_too_large` for one that
 * cannot hold a file of at most `fileBytesMax`, before any of it is read.
 */
export function readFormSize(c: ApiRequest, fileBytesMax: number): number | null {
  if (!/^multipart\/form-data\b/i.test(c.req.header('content-type') ?? '')) {
    throw invalid('Send the file as multipart/form-data, in a part with the name "file".');
  }
  const declared = c.req.header('content-length');
  if (declared === undefined) return null;
  if (Number(declared) <= fileBytesMax + FORM_BYTES_MAX) return Number(declared);
  throw tooLarge(fileBytesMax);
}

/**
 * Reads a form with one file, which streams to `take`, and returns its fields, which may come before or
 * after the file. Nothing is read ahead of `take`. Throws `invalid_request`, also for a body that arrives
 * too slowly, `body_too_large`, and what `take` throws.
 */
export async function receiveUpload(
  c: ApiRequest,
  fileBytesMax: number,
  take: TakeFile,
): Promise<ReadonlyMap<string, string>> {
  const body = bodyOf(c);
  const fields = new Map<string, string>();
  const failure = new Interruption();
  const fail = (error: unknown) => failure.fail(error);
  const form = openForm(c.req.header('content-type') ?? '');
  const file: { content: BusboyFileStream | null; taken: Promise<void> | null } = {
    content: null,
    taken: null,
  };

  form.on('error', (cause) => fail(invalid('Request body is not a valid multipart form.', cause)));
  form.on('filesLimit', () => fail(invalid('Send one file at a time.')));
  form.on('partsLimit', () => fail(invalid(`Request body has more than ${PARTS_MAX} parts.`)));
  form.on('field', (name, value) => fields.set(name, value));
  form.on('file', (part, stream, name) => {
    file.content = stream;
    // Its reader gets the error, too.
    stream.on('error', () => {});
    if (part !== FILE_PART) {
      fail(invalid(`Request parameter [${part}] is a file; the file belongs in [${FILE_PART}].`));
      return;
    }
    file.taken = take({ name, body: stream });
    file.taken.catch(fail);
  });

  try {
    // A client that sent `Expect: 100-continue` waits for this.
    if (c.req.header('expect') !== undefined) c.env?.outgoing?.writeContinue();
    await passOn(body, form, { bytesMax: fileBytesMax + FORM_BYTES_MAX, failure, fileBytesMax });
    if (file.taken === null) throw invalid(MESSAGES.fileRequired(FILE_PART));
    await file.taken;
    return fields;
  } catch (error) {
    file.content?.destroy(error as Error);
    // Nothing of the upload runs on when this has thrown.
    await file.taken?.catch(() => {});
    throw error;
  }
}

/**
 * Writes the body to the form at the pace of its readers. The body is left undestroyed, so that its
 * connection can carry an answer.
 */
async function passOn(
  body: Readable,
  form: BusboyInstance,
  {
    bytesMax,
    fileBytesMax,
    failure,
  }: { bytesMax: number; fileBytesMax: number; failure: Interruption },
): Promise<void> {
  using pace = new BodyPace();
  const chunks = body.iterator({ destroyOnReturn: false });
  const finished = once(form, 'finish');
  finished.catch(() => {});
  let sizeBytes = 0;
  try {
    for (;;) {
      const next = chunks.next().catch(endedEarly) as Promise<IteratorResult<Buffer, undefined>>;
      const { done, value } = await failure.wait(pace.inTime(next));
      if (done) break;
      sizeBytes += value.byteLength;
      pace.add(value.byteLength);
      if (sizeBytes > bytesMax) throw tooLarge(fileBytesMax);
      if (!form.write(value)) await failure.wait(once(form, 'drain'));
    }
    form.end();
    await failure.wait(finished);
  } catch (error) {
    // Ends after the read that may be in progress.
    void chunks.return?.()?.catch(() => {});
    throw error;
  }
}

/** The connection's own stream: the web stream of the request would read ahead without a limit. */
function bodyOf(c: ApiRequest): Readable {
  const incoming: unknown = c.env?.incoming;
  if (incoming instanceof Readable) return incoming;
  const { body } = c.req.raw;
  // The types of the DOM and of Node describe the same stream.
  return body === null ? Readable.from([]) : Readable.fromWeb(body as ReadableStream);
}

function openForm(contentType: string): BusboyInstance {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { files: 1, parts: PARTS_MAX, fieldNameSize: 200, fieldSize: FIELD_BYTES_MAX },
    });
  } catch (cause) {
    throw invalid('Request body is not a valid multipart form.', cause);
  }
}

function tooLarge(fileBytesMax: number): RunfleetError {
  return new RunfleetError('body_too_large', `A file may have ${fileBytesMax} bytes at most.`);
}

function endedEarly(cause: unknown): never {
  throw invalid('Request body ended early.', cause);
}

function invalid(message: string, cause?: unknown): RunfleetError {
  return new RunfleetError('invalid_request', message, { cause });
}
