type Head = {
  /** The first bytes of the body: all of them if it has fewer. */
  head: Uint8Array;
  /** The whole body, its head included. */
  whole: AsyncIterable<Uint8Array>;
  /** Ends the body unread. */
  release: () => Promise<void>;
};

/** Reads `bytes` bytes of a body ahead. At most one chunk more is in memory. */
export async function takeHead(body: AsyncIterable<Uint8Array>, bytes: number): Promise<Head> {
  const rest = body[Symbol.asyncIterator]();
  const release = async () => {
    await rest.return?.();
  };
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < bytes) {
    const next = await rest.next();
    if (next.done) break;
    chunks.push(next.value);
    size += next.value.byteLength;
  }
  const head = Buffer.concat(chunks);
  async function* whole() {
    try {
      yield head;
      for (;;) {
        const next = await rest.next();
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await release();
    }
  }
  return { head: head.subarray(0, bytes), whole: whole(), release };
}
