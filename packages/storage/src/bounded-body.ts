import { Readable } from 'node:stream';

import { ObjectTooLargeError } from './object-errors.ts';
import type { ObjectBody, PutOptions } from './object-storage.ts';

/**
 * Yields the chunks of `body`. Throws ObjectTooLargeError at the chunk that passes the bound, and
 * the signal's reason at once when it aborts, also while the body stalls.
 */
export async function* boundedBody(
  body: ObjectBody,
  { bytesMax, signal }: Pick<PutOptions, 'bytesMax' | 'signal'>,
): AsyncGenerator<Uint8Array, void> {
  const chunks = chunksOf(body);
  let bytes = 0;
  let isAtEnd = false;
  try {
    for (;;) {
      const { done, value } = await nextOrAborted(chunks, signal);
      if (done) break;
      bytes += value.byteLength;
      if (bytes > bytesMax) throw new ObjectTooLargeError(bytesMax);
      if (value.byteLength > 0) yield value;
    }
    isAtEnd = true;
  } finally {
    if (!isAtEnd) release(body, chunks);
  }
}

async function* chunksOf(body: ObjectBody): AsyncGenerator<Uint8Array, void> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

function nextOrAborted<T>(
  chunks: AsyncGenerator<T, void>,
  signal: AbortSignal | undefined,
): Promise<IteratorResult<T, void>> {
  if (signal === undefined) return chunks.next();
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    chunks
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Does not wait: a generator that stalls ends only after its next chunk. */
function release(body: ObjectBody, chunks: AsyncGenerator<Uint8Array, void>): void {
  if (body instanceof Readable) body.destroy();
  // The put has failed already; a second failure of its body adds nothing.
  chunks.return().catch(() => {});
}
