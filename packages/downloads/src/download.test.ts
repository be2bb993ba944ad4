import { createHash, randomBytes } from 'node:crypto';
import { access, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, expect, test, vi } from 'vitest';

import type { DownloadRequest } from './download-request.ts';
import { download } from './download.ts';

const parent = await mkdtemp(join(tmpdir(), 'runfleet-downloads-'));
type Request = {
  encoding: string | undefined;
  range: string | undefined;
  ifRange: string | undefined;
  authorization: string | undefined;
};
type Serve = (response: ServerResponse, from: number, nth: number, url: string) => void;

const FILE = randomBytes(300_000);
const SHA256 = createHash('sha256').update(FILE).digest('hex');
const digest = { algorithm: 'sha256', hex: SHA256 } as const;
const ETAG = '"v1"';
let serve: Serve;
let requests: Request[] = [];
const onRequest = (request: IncomingMessage, response: ServerResponse) => {
  const { range, authorization, 'if-range': ifRange } = request.headers;
  requests.push({
    encoding: request.headers['accept-encoding']?.toString(),
    range,
    ifRange: ifRange?.toString(),
    authorization,
  });
  serve(
    response,
    Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0),
    requests.length,
    request.url ?? '',
  );
};
const server = createServer(onRequest).listen(0, '127.0.0.1');
const other = createServer(onRequest).listen(0, '127.0.0.1');
await Promise.all(
  [server, other].map((each) => new Promise((ready) => each.on('listening', ready))),
);
const originOf = (each: typeof server) =>
  `http://127.0.0.1:${(each.address() as AddressInfo).port}`;
afterAll(async () => {
  server.close();
  other.close();
  await rm(parent, { recursive: true, force: true });
});

let dir = '';
let path = '';
beforeEach(async () => {
  dir = await mkdtemp(join(parent, 'd-'));
  path = join(dir, 'file.bin');
  requests = [];
  serve = honest();
});

/** Answers ranges of `file` correctly; drops the connection after `breakAfter` bytes of each answer. */
function honest(
  options: { file?: Buffer; etag?: string | null; breakAfter?: (nth: number) => number } = {},
): Serve {
  const { file = FILE, etag = ETAG, breakAfter = () => Infinity } = options;
  return (response, from, nth) => {
    const body = file.subarray(from);
    response.statusCode = from > 0 ? 206 : 200;
    if (from > 0)
      response.setHeader('content-range', `bytes ${from}-${file.length - 1}/${file.length}`);
    if (etag !== null) response.setHeader('etag', etag);
    response.setHeader('content-length', body.length);
    if (breakAfter(nth) >= body.length) response.end(body);
    else {
      response.write(body.subarray(0, breakAfter(nth)));
      void kept(from + breakAfter(nth)).then(() => response.destroy());
    }
  };
}

/** Waits until this many bytes are on disk, because a broken connection loses its buffered bytes. */
async function kept(bytes: number): Promise<void> {
  if (bytes === 0) return;
  await vi.waitFor(
    async () => expect((await stat(`${path}.part`)).size).toBeGreaterThanOrEqual(bytes),
    { timeout: 10_000, interval: 2 },
  );
}

function get(changes: Partial<DownloadRequest> = {}) {
  return download({ url: `${originOf(server)}/file.bin`, path, retryDelayMs: 1, ...changes });
}

async function leaveAPart(options: Parameters<typeof honest>[0] = {}) {
  serve = honest({ ...options, breakAfter: (nth) => (nth === 1 ? 100_000 : 0) });
  await expect(get({ digest, attempts: 2 })).rejects.toMatchObject({ kind: 'unreachable' });
  requests = [];
}

test('a file arrives complete, leaves no other file, and its progress ends at its length', async () => {
  const seen: number[] = [];
  const result = await get({
    digest,
    sizeBytes: FILE.length,
    onProgress: ({ bytes }) => seen.push(bytes),
  });

  expect(result).toEqual({ sizeBytes: FILE.length, hex: SHA256, isResumed: false });
  expect(await readFile(path)).toEqual(FILE);
  expect(await readdir(dir)).toEqual(['file.bin']);
  expect(seen.at(-1)).toBe(FILE.length);
  expect(requests).toMatchObject([{ encoding: 'identity' }]);
});

test('a download resumes where a connection dropped, however often', async () => {
  serve = honest({ breakAfter: () => 40_000 });
  await get({ digest, attempts: 2 });

  expect(await readFile(path)).toEqual(FILE);
  expect(requests.length).toBeGreaterThan(4);
  expect(requests.slice(1).every(({ range, ifRange }) => range && ifRange === ETAG)).toBe(true);
});

test('connections that bring nothing end the download after a bounded number of tries', async () => {
  serve = (response) => response.destroy();

  await expect(get({ attempts: 3 })).rejects.toMatchObject({
    kind: 'unreachable',
    message: /3 tries/,
  });
  expect(requests.length).toBeLessThanOrEqual(6);
});

test('a later process resumes the part of an earlier one', async () => {
  await leaveAPart();
  serve = honest();

  expect(await get({ digest })).toMatchObject({ isResumed: true });
  expect(await readFile(path)).toEqual(FILE);
  expect(requests).toMatchObject([{ range: expect.stringMatching(/^bytes=[1-9]/) }]);
});

test('a file that changed between two processes is downloaded from the beginning', async () => {
  await leaveAPart();
  const changed = randomBytes(200_000);
  // If-Range failed, so an honest server sends the whole of what it has.
  serve = (response) => honest({ file: changed, etag: '"v2"' })(response, 0, 1, '');
  await writeFile(
    `${path}.part.json`,
    (await readFile(`${path}.part.json`, 'utf8')).replace(SHA256, sha(changed)),
  );

  await get({ digest: { algorithm: 'sha256', hex: sha(changed) } });
  expect(await readFile(path)).toEqual(changed);
});

test('a range of a changed file is detected by its ETag', async () => {
  await leaveAPart();
  const file = Buffer.concat([randomBytes(150_000), FILE.subarray(150_000)]);
  serve = honest({ file, etag: '"v2"' });
  await writeFile(
    `${path}.part.json`,
    (await readFile(`${path}.part.json`, 'utf8')).replace(SHA256, sha(file)),
  );

  await get({ digest: { algorithm: 'sha256', hex: sha(file) } });
  expect(await readFile(path)).toEqual(file);
  expect(requests.map(({ range }) => range !== undefined)).toEqual([true, false]);
});

test('without an ETag the digest detects a mixed file, which is downloaded again', async () => {
  await leaveAPart({ etag: null });
  await writeFile(`${path}.part`, randomBytes(100_000));
  serve = honest({ etag: null });

  await get({ digest });
  expect(await readFile(path)).toEqual(FILE);
});

test('without an ETag and a digest nothing is resumed', async () => {
  serve = honest({ etag: null, breakAfter: () => 100_000 });
  await expect(get({ attempts: 1 })).rejects.toMatchObject({ kind: 'unreachable' });
  requests = [];
  serve = honest({ etag: null });

  expect(await get()).toMatchObject({ isResumed: false });
  expect(requests).toMatchObject([{ range: undefined }]);
});

test('a server that ignores ranges still delivers the file', async () => {
  serve = (response, _, nth) =>
    honest({ breakAfter: () => (nth < 3 ? 150_000 : Infinity) })(response, 0, nth, '');
  await get({ digest });

  expect(await readFile(path)).toEqual(FILE);
});

test('wrong bytes are refused and removed', async () => {
  serve = honest({ file: randomBytes(FILE.length) });

  await expect(get({ digest })).rejects.toMatchObject({ kind: 'mismatch', message: /sha256/ });
  expect(await readdir(dir)).toEqual([]);
  expect(requests).toHaveLength(1);
});

test.each<[string, Serve, Partial<DownloadRequest>, RegExp]>([
  ['an unexpected length', honest(), { sizeBytes: 5 }, /announces 300000 bytes/],
  [
    'more bytes than its range allows',
    (response, from) =>
      from === 0
        ? honest({ breakAfter: () => 100_000 })(response, 0, 1, '')
        : response
            .writeHead(206, { etag: ETAG, 'content-range': `bytes ${from}-299999/300000` })
            .end(randomBytes(FILE.length)),
    {},
    /sends more than the 300000/,
  ],
  [
    'a length that contradicts its range',
    (response, from) =>
      from === 0
        ? honest({ breakAfter: () => 100_000 })(response, 0, 1, '')
        : response
            .writeHead(206, { 'content-range': `bytes ${from}-299999/300000`, 'content-length': 3 })
            .end('abc'),
    {},
    /announces 3 bytes/,
  ],
  [
    'another range than asked for',
    (response, from) =>
      from === 0
        ? honest({ breakAfter: () => 100_000 })(response, 0, 1, '')
        : response.writeHead(206, { 'content-range': 'bytes 7-9/300000' }).end('abc'),
    {},
    /from 7 on/,
  ],
  [
    'a part without a range',
    (response) => response.writeHead(206).end('abc'),
    {},
    /without its range/,
  ],
  [
    'an unrequested encoding',
    (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('abc'),
    {},
    /encodes/,
  ],
])('a server that sends %s is refused', async (_, lie, changes, message) => {
  serve = lie;
  await expect(get(changes)).rejects.toMatchObject({ kind: 'lied', message });
  await expect(access(path)).rejects.toThrow('ENOENT');
});

test('a server that sends less than it announces ends the download', async () => {
  serve = (response, from) => {
    response.writeHead(200, { 'content-length': FILE.length + 5 });
    response.write(FILE.subarray(from), () => setImmediate(() => response.destroy()));
  };
  await expect(get({ digest, attempts: 2 })).rejects.toMatchObject({ kind: 'unreachable' });
  await expect(access(path)).rejects.toThrow('ENOENT');
});

test('a temporary refusal is retried, a permanent one is not', async () => {
  serve = (response, from, nth) =>
    nth === 1
      ? response.writeHead(503, { 'retry-after': '0' }).end()
      : honest()(response, from, nth, '');
  await get({ digest });

  requests = [];
  serve = (response) => response.writeHead(404).end();
  await expect(get()).rejects.toMatchObject({ kind: 'refused', status: 404 });
  expect(requests).toHaveLength(1);
});

test('a redirect is followed, and credentials stay with the first origin', async () => {
  serve = (response, from, nth, url) =>
    url === '/file.bin'
      ? response.writeHead(302, { location: `${originOf(other)}/elsewhere` }).end()
      : honest()(response, from, nth, url);
  await get({ digest, headers: { authorization: 'Bearer secret' } });

  expect(requests.map(({ authorization }) => authorization)).toEqual(['Bearer secret', undefined]);
});

test('endless redirects are refused', async () => {
  serve = (response) => response.writeHead(302, { location: '/again' }).end();
  await expect(get()).rejects.toMatchObject({ kind: 'refused', message: /redirects more than/ });
});

test('a stalled connection counts as dropped', async () => {
  serve = (response, from, nth) =>
    nth === 1
      ? void response.writeHead(200, { 'content-length': 9, etag: ETAG }).write('abc')
      : honest()(response, from, nth, '');
  await get({ digest, stallMs: 100 });

  expect(await readFile(path)).toEqual(FILE);
});

test('an abort ends the download with its reason and keeps the part', async () => {
  const controller = new AbortController();
  serve = (response) => {
    response.writeHead(200, { 'content-length': FILE.length, etag: ETAG });
    response.write(FILE.subarray(0, 100_000));
    void kept(100_000).then(() => controller.abort(new Error('enough')));
  };
  const stopped = get({
    digest,
    signal: controller.signal,
    stallMs: 5_000,
  });

  await expect(stopped).rejects.toThrow('enough');
  serve = honest();
  expect(await get({ digest })).toMatchObject({ isResumed: true });
});

test('a disk that is too small is reported before the first byte is written', async () => {
  serve = (response) =>
    response.writeHead(200, { 'content-length': 2 ** 52, etag: ETAG }).flushHeaders();

  await expect(get()).rejects.toMatchObject({
    kind: 'disk',
    message: /are needed\. Free some space/,
  });
});

test.runIf(process.platform === 'linux')(
  'a disk that becomes full is reported as full',
  async () => {
    await symlink('/dev/full', `${path}.part`);

    await expect(get({ digest })).rejects.toMatchObject({ kind: 'disk', message: /is full/ });
  },
);

test('a git object id verifies a file, too', async () => {
  const hex = createHash('sha1').update(`blob ${FILE.length}\0`).update(FILE).digest('hex');
  await get({ sizeBytes: FILE.length, digest: { algorithm: 'git', hex } });

  expect(await readFile(path)).toEqual(FILE);
});

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
