import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

import { expect, test as base } from 'vitest';

import type { ObjectStorage } from './object-storage.ts';
import { openS3Storage } from './s3-storage.ts';
import { CREDENTIALS, optionsFor } from './testing.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server whose answers a test decides, and the calls that it got. */
type Server = { calls: string[]; answer: Answer };

const SILENCE_MS = 200;
const MEGABYTES_12 = Buffer.alloc(12 * 1024 * 1024);
const PUT = { contentType: 'text/plain', bytesMax: 100 * 1024 * 1024 };

const test = base.extend<{ server: Server & { endpoint: string }; storage: ObjectStorage }>({
  server: async ({}, use) => {
    const faulty: Server = { calls: [], answer: fail(503, 'SlowDown') };
    const http = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://s3.test');
      searchParams.delete('x-id');
      faulty.calls.push(`${request.method} ${[...searchParams.keys()].join()}`.trim());
      faulty.answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    await use(Object.assign(faulty, { endpoint: `http://127.0.0.1:${port}` }));
    http.closeAllConnections();
    http.close();
  },
  storage: async ({ server: { endpoint } }, use) => {
    const options = { ...optionsFor(endpoint), bucket: 'files', silenceMs: SILENCE_MS };
    await using storage = openS3Storage(options);
    await use(storage);
  },
});

/** Reads the request before it answers. */
function fail(status: number, code: string): Answer {
  return (request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${code}</Code><Message>no</Message></Error>`);
    });
  };
}

const unavailable = (found: string) => ({
  kind: 'unavailable',
  message: 'The storage of files is unavailable. Try again shortly.',
  cause: { found: expect.stringContaining(found), next: expect.stringMatching(/\S/) },
});

test('a server that answers 503 is asked three times', async ({ server, storage }) => {
  await expect(storage.put('a', Buffer.from('x'), PUT)).rejects.toMatchObject(
    unavailable('answers with status 503 (SlowDown)'),
  );
  expect(server.calls).toEqual(['PUT', 'PUT', 'PUT']);
});

test.for<[string, (storage: ObjectStorage) => Promise<unknown>]>([
  ['put', (storage) => storage.put('a', Buffer.from('x'), PUT)],
  ['get', (storage) => storage.get('a')],
  ['stat', (storage) => storage.stat('a')],
  ['delete', (storage) => storage.delete('a')],
  ['deletePrefix', (storage) => storage.deletePrefix('a')],
  ['deleteUnfinished', (storage) => storage.deleteUnfinished(0)],
])('%s ends if the server is silent', async ([, call], { server, storage }) => {
  server.answer = () => {};

  await expect(call(storage)).rejects.toMatchObject(unavailable('the connection to'));
});

test('wrong credentials are not tried again, and appear nowhere', async ({ server, storage }) => {
  server.answer = fail(403, 'SignatureDoesNotMatch');
  const error = await storage.get('a').catch((caught: unknown) => caught);

  expect(error).toMatchObject(unavailable('refuses the credentials'));
  expect(server.calls).toHaveLength(1);
  expect(String((error as Error).cause)).not.toContain(CREDENTIALS.secretAccessKey);
});

test.for<[string, (response: ServerResponse) => void]>([
  ['cuts the connection', (response) => response.destroy()],
  ['becomes silent', () => {}],
])('a download fails if the server %s in its middle', async ([, end], { server, storage }) => {
  server.answer = (_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write(Buffer.alloc(400), () => end(response));
  };
  const object = await storage.get('a');

  expect(object?.sizeBytes).toBe(1_000);
  const read = async () => object && buffer(object.body);
  await expect(read()).rejects.toMatchObject(unavailable('the connection to'));
});

test('an upload whose second part fails is aborted and never completed', async ({
  server,
  storage,
}) => {
  server.answer = (request, response) => {
    const call = server.calls.at(-1);
    if (call === 'POST uploads') {
      const id = '<InitiateMultipartUploadResult><UploadId>7</UploadId>';
      response.end(`${id}</InitiateMultipartUploadResult>`);
    } else if (request.url?.includes('partNumber=1')) {
      request.resume().on('end', () => response.writeHead(200, { etag: '"1"' }).end());
    } else if (request.url?.includes('partNumber=2')) {
      request.once('data', () => request.destroy());
    } else response.writeHead(204).end();
  };

  await expect(storage.put('a', MEGABYTES_12, PUT)).rejects.toMatchObject(
    unavailable('the connection to'),
  );
  expect(server.calls.filter((call) => call.startsWith('POST'))).toEqual(['POST uploads']);
  expect(server.calls.at(-1)).toBe('DELETE uploadId');
});
