import { RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiRequest } from '../api-context.ts';
import { BodyPace } from './body-pace.ts';
import type { Held } from './byte-budget.ts';

/** A body up to this size is held whole from its first byte, so that it is read in one piece. */
const SMALL_BYTES = 16_384;

/**
 * Reads a request's body into memory, at most `limitBytes`. A body with a larger content-length is
 * refused unread, a chunked one as soon as it exceeds the limit. Its bytes count as its organisation's,
 * or its address's, from their arrival until the call is answered (see `admit-calls.ts`). Throws
 * `body_too_large`, `invalid_request` if it arrives too slowly, and `rate_limited` or `unavailable`
 * if bodies already hold too much memory.
 */
export async function readBody(
  ctx: Pick<ApiContext, 'bodies'>,
  c: ApiRequest,
  limitBytes: number,
): Promise<Buffer> {
  const request = c.req.raw;
  const { organisationId, ip } = c.var.trace;
  const held = ctx.bodies.open(organisationId ?? `address ${ip}`);
  c.set('held', held);
  const declared = request.headers.get('content-length');
  if (declared !== null && !(Number(declared) <= limitBytes)) throw tooLarge(limitBytes);
  const isSmall = declared !== null && Number(declared) <= SMALL_BYTES;
  if (isSmall) holdBytes(held, Number(declared));
  // A client that sent `Expect: 100-continue` waits for this, which is sent once the call is allowed.
  if (request.headers.has('expect')) c.env?.outgoing?.writeContinue();
  using pace = new BodyPace();
  // The HTTP parser enforces the declared length, so this body is bounded.
  return isSmall
    ? Buffer.from(await pace.inTime(request.arrayBuffer().catch(endedEarly)))
    : await readChunks(request, held, limitBytes, pace);
}

async function readChunks(
  request: Request,
  held: Held,
  limitBytes: number,
  pace: BodyPace,
): Promise<Buffer> {
  if (request.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader = request.body.getReader();
  try {
    for (;;) {
      const { done, value } = await pace.inTime(reader.read().catch(endedEarly));
      if (done) return Buffer.concat(chunks, sizeBytes);
      sizeBytes += value.byteLength;
      pace.add(value.byteLength);
      if (sizeBytes > limitBytes) throw tooLarge(limitBytes);
      holdBytes(held, value.byteLength);
      chunks.push(value);
    }
  } catch (error) {
    // Do not wait for the rest of the body.
    reader.cancel().catch(() => {});
    throw error;
  }
}

/** Counts bytes that a call holds in memory. Throws `rate_limited` or `unavailable` if there are too many. */
export function holdBytes(held: Held | undefined, sizeBytes: number): void {
  const problem = held?.take(sizeBytes) ?? null;
  if (problem === null) return;
  throw problem === 'share'
    ? new RunfleetError(
        'rate_limited',
        'Too many bytes of your requests are in progress. Send fewer at once.',
      )
    : new RunfleetError('unavailable', 'The service is busy. Try again shortly.');
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
