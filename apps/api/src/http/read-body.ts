import { RunfleetError } from '@runfleet/protocol';

/**
 * Reads a request's body into memory, `limitBytes` of it at most. A body that says it is longer is
 * refused unread, a chunked one as soon as it is. Throws `body_too_large`.
 */
export async function readBody(request: Request, limitBytes: number): Promise<Buffer> {
  const declared = request.headers.get('content-length');
  if (declared === null) return readChunks(request, limitBytes);
  if (Number(declared) > limitBytes) throw tooLarge(limitBytes);
  // The HTTP parser holds a body to its declared length, so this one has its bound.
  return Buffer.from(await request.arrayBuffer().catch(endedEarly));
}

async function readChunks(request: Request, limitBytes: number): Promise<Buffer> {
  if (request.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(endedEarly);
    if (done) return Buffer.concat(chunks, sizeBytes);
    sizeBytes += value.byteLength;
    if (sizeBytes > limitBytes) {
      // The answer does not wait for the rest.
      reader.cancel().catch(() => {});
      throw tooLarge(limitBytes);
    }
    chunks.push(value);
  }
}

function tooLarge(limitBytes: number): RunfleetError {
  return new RunfleetError(
    'body_too_large',
    `Request body is larger than ${limitBytes} bytes. Send a smaller one.`,
  );
}

function endedEarly(cause: unknown): never {
  throw new RunfleetError('invalid_request', 'Request body ended early.', { cause });
}
