import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export type TestHub = AsyncDisposable & {
  url: string;
  /** Path and range of every request. */
  requests: { path: string; range: string | undefined; authorization: string | undefined }[];
  /** Connections for this file drop after this many bytes of each answer. */
  breakOn: { path: string; afterBytes: number } | null;
  /** Sent in place of a file's bytes; the listing still has the right checksum. */
  wrongBytes: Map<string, Buffer>;
};

const isLarge = (path: string) => /\.(onnx|data)$/u.test(path);

/** Starts a model hub on the loopback with one repository, whose folder `subfolder` is `dir`. */
export async function startTestHub(id: string, subfolder: string, dir: string): Promise<TestHub> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(dir))
    files.set(`${subfolder}/${name}`, await readFile(join(dir, name)));
  const hub: TestHub = {
    url: '',
    requests: [],
    breakOn: null,
    wrongBytes: new Map(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://hub').pathname);
    const { range, authorization } = request.headers;
    hub.requests.push({ path, range, authorization });
    if (path === `/api/models/${id}/tree/main/${subfolder}`) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify([...files].map(([name, bytes]) => entryOf(name, bytes))));
      return;
    }
    const name = path.replace(`/${id}/resolve/main/`, '');
    const whole = hub.wrongBytes.get(name) ?? files.get(name);
    if (!whole) return void response.writeHead(404).end();
    const from = Number(/^bytes=(\d+)-$/u.exec(range ?? '')?.[1] ?? 0);
    const body = whole.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, {
      etag: `"${sha256(whole)}"`,
      'content-length': body.length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` } : {}),
    });
    const breaks = hub.breakOn?.path === name ? hub.breakOn.afterBytes : body.length;
    if (breaks >= body.length) response.end(body);
    // A client drops unread bytes when the connection ends, so the end is delayed.
    else response.write(body.subarray(0, breaks), () => setTimeout(() => response.destroy(), 20));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}

function entryOf(path: string, bytes: Buffer) {
  const oid = createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  const lfs = { oid: sha256(bytes), size: bytes.length, pointerSize: 134 };
  return { type: 'file', path, size: bytes.length, oid, ...(isLarge(path) ? { lfs } : {}) };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
