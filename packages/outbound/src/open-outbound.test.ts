import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  BlockList,
  createServer as createTcpServer,
  type Socket,
} from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { expect, test } from 'vitest';

import { openOutbound, type Outbound } from './open-outbound.ts';
import type { OutboundLimits } from './outbound-request.ts';
import { readStart } from './read-start.ts';
import { CA, CERTIFICATE, KEY, startNameServer, startWebServer } from './testing.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');

const outbound = openOutbound({ openNetworks: LOOPBACK });
const LIMITS: OutboundLimits = {
  connectMs: 2_000,
  headMs: 2_000,
  totalMs: 5_000,
  headBytes: 16_384,
  bodyBytes: 100_000,
};
const get = (url: string, limits: Partial<OutboundLimits> = {}) =>
  ({ method: 'GET', url, redirectsMax: 2, limits: { ...LIMITS, ...limits } }) as const;

async function readAll(answer: Awaited<ReturnType<Outbound['call']>>): Promise<string> {
  return (await readStart(answer, Number.MAX_SAFE_INTEGER)).toString();
}

/** A TCP server that does as `serve` does with each connection. */
async function startTcpServer(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connected: () => once(server, 'connection'),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test('a POST arrives with its headers and body, and its answer is read', async () => {
  const seen: unknown[] = [];
  await using web = await startWebServer((request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, host: headers.host, id: headers['webhook-id'] });
    void text(request).then((body) => {
      seen.push(body);
      response.writeHead(202, { 'content-type': 'text/plain' }).end('Thanks');
    });
  });
  const url = `${web.url}/hook?a=1`;
  const headers = { 'webhook-id': 'msg_1' };
  const answer = await outbound.call({
    ...get(url),
    method: 'POST',
    headers,
    body: '{"grüße":1}',
  });
  expect(answer).toMatchObject({ status: 202, url, headers: { 'content-type': 'text/plain' } });
  expect(await readAll(answer)).toBe('Thanks');
  const host = `127.0.0.1:${web.port}`;
  expect(seen).toEqual([{ method: 'POST', url: '/hook?a=1', host, id: 'msg_1' }, '{"grüße":1}']);
});

test('a redirect is an answer where none may be followed', async () => {
  await using web = await startWebServer((_request, response) =>
    response.writeHead(307, { location: '/elsewhere' }).end(),
  );
  using answer = await outbound.call({ ...get(web.url), redirectsMax: 0 });
  expect(answer.status).toBe(307);
});

test('credentials are not sent to the origin that a server redirects to', async () => {
  const seen: (string | undefined)[] = [];
  const note: RequestListener = ({ headers }, response) => {
    seen.push(headers.authorization, headers['x-other']?.toString());
    response.end('there');
  };
  await using there = await startWebServer(note);
  await using web = await startWebServer(({ headers }, response) => {
    seen.push(headers.authorization);
    response.writeHead(302, { location: there.url }).end();
  });
  const headers = { authorization: 'Bearer x', 'x-other': 'y' };
  const answer = await outbound.call({ ...get(web.url), headers });
  expect(await readAll(answer)).toBe('there');
  expect(seen).toEqual(['Bearer x', undefined, 'y']);
});

test('a body beyond its limit is cut off, and the start of one closes the connection', async () => {
  let sent = 0;
  const chunks = function* () {
    for (; sent < 50_000_000; sent += 65_536) yield Buffer.alloc(65_536);
  };
  await using web = await startWebServer((_request, response) => {
    Readable.from(chunks()).pipe(response);
  });
  const whole = outbound.call(get(web.url)).then(readAll);
  await expect(whole).rejects.toMatchObject({ kind: 'too_large' });
  expect(sent).toBeLessThan(20_000_000);
  sent = 0;
  expect(await readStart(await outbound.call(get(web.url)), 2_048)).toHaveLength(2_048);
  expect(sent).toBeLessThan(20_000_000);
});

test.for([
  ['a head that is too large', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 'too_large'],
  ['something else than HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 'malformed'],
  [
    'another protocol',
    'HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    'malformed',
  ],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na',
    'malformed',
  ],
] as const)('%s is refused', async ([, bytes, kind]) => {
  await using tcp = await startTcpServer((socket) => socket.write(bytes));
  const call = outbound.call(get(`http://127.0.0.1:${tcp.port}/`)).then(readAll);
  await expect(call).rejects.toMatchObject({ kind });
});

test('a body that breaks off is a failure', async () => {
  await using tcp = await startTcpServer((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort'),
  );
  const call = outbound.call(get(`http://127.0.0.1:${tcp.port}/`)).then(readAll);
  await expect(call).rejects.toMatchObject({ kind: 'unreachable' });
});

test('a port that no one listens on is a failure', async () => {
  const tcp = await startTcpServer(() => {});
  await tcp[Symbol.asyncDispose]();
  await expect(outbound.call(get(`http://127.0.0.1:${tcp.port}/`))).rejects.toMatchObject({
    kind: 'unreachable',
  });
});

test('each part of a call has a time limit of its own', async () => {
  await using silent = await startTcpServer(() => {});
  const http = `http://127.0.0.1:${silent.port}/`;
  // TLS never begins.
  const https = http.replace('http', 'https');
  await expect(outbound.call(get(https, { connectMs: 100 }))).rejects.toThrow(
    /The connection took/,
  );
  await expect(outbound.call(get(http, { headMs: 100 }))).rejects.toThrow(/first byte .* took/);

  await using drip = await startWebServer((_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const body = outbound.call(get(drip.url, { totalMs: 300 })).then(readAll);
  await expect(body).rejects.toThrow(/The call took longer than 0.3 s/);

  await using headDrip = await startTcpServer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  const head = outbound.call(get(`http://127.0.0.1:${headDrip.port}/`, { headMs: 200 }));
  await expect(head).rejects.toMatchObject({
    kind: expect.stringMatching(/timeout|malformed/) as string,
  });
});

test.for([['100 Continue'], ['103 Early Hints']])(
  'a server that answers %s without end is left after a few',
  async ([status]) => {
    const bytes = `HTTP/1.1 ${status}\r\n\r\n`.repeat(1_000);
    let sentBytes = 0;
    await using flood = await startTcpServer((socket) => {
      const send = () => {
        let isOpen = true;
        while (isOpen && !socket.destroyed) {
          sentBytes += bytes.length;
          isOpen = socket.write(bytes);
        }
      };
      socket.on('drain', send);
      send();
    });
    const call = outbound.call(get(`http://127.0.0.1:${flood.port}/`));
    await expect(call).rejects.toMatchObject({
      kind: 'malformed',
      message: expect.stringContaining('1xx') as string,
    });
    expect(sentBytes).toBeLessThan(20_000_000);
  },
);

test('a server may send hints before its answer', async () => {
  await using tcp = await startTcpServer((socket) =>
    socket.end(
      `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(3)}HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok`,
    ),
  );
  const answer = await outbound.call(get(`http://127.0.0.1:${tcp.port}/`));
  expect(await readAll(answer)).toBe('ok');
});

test('a name server that does not answer costs no more than the connection may', async () => {
  await using names = await startNameServer(() => {
    throw new Error('Never asked.');
  }).then((started) => {
    started.resolver.setServers(['127.0.0.1:9']);
    return started;
  });
  const slow = openOutbound({ openNetworks: LOOPBACK, resolver: names.resolver });
  await expect(slow.call(get('http://slow.test/', { connectMs: 200 }))).rejects.toMatchObject({
    kind: expect.stringMatching(/timeout|unresolved/) as string,
  });
});

test('a caller may stop a call at any time', async () => {
  await using silent = await startTcpServer(() => {});
  await using drip = await startWebServer((_request, response) => {
    response.write('.');
  });
  const enough = new Error('enough');
  const callUntil = (url: string, signal: AbortSignal) =>
    outbound.call({ ...get(url, { headMs: 20_000, totalMs: 20_000 }), signal });
  const silentUrl = `http://127.0.0.1:${silent.port}/`;
  await expect(callUntil(silentUrl, AbortSignal.abort(enough))).rejects.toBe(enough);
  for (const isConnected of [false, true]) {
    const stop = new AbortController();
    const call = callUntil(silentUrl, stop.signal);
    if (isConnected) await silent.connected();
    stop.abort(enough);
    await expect(call).rejects.toBe(enough);
  }
  const stop = new AbortController();
  const answer = await callUntil(drip.url, stop.signal);
  const body = readAll(answer);
  stop.abort(enough);
  await expect(body).rejects.toBe(enough);
});

test('a certificate must be trusted and valid for the name', async () => {
  const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, (_request, response) =>
    response.end('secure'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using names = await startNameServer((_name, type) => (type === 'A' ? ['127.0.0.1'] : []));
  const options = { openNetworks: LOOPBACK, resolver: names.resolver };
  const trusting = openOutbound({ ...options, ca: CA });
  try {
    for (const name of ['receiver.test', 'receiver.test.', 'RECEIVER.test']) {
      const answer = await trusting.call(get(`https://${name}:${port}/`));
      expect(await readAll(answer)).toBe('secure');
    }
    for (const name of ['other.test', '127.0.0.1', 'receiver.test.other.test']) {
      await expect(trusting.call(get(`https://${name}:${port}/`))).rejects.toMatchObject({
        kind: 'untrusted',
      });
    }
    await expect(
      openOutbound(options).call(get(`https://receiver.test:${port}/`)),
    ).rejects.toMatchObject({ kind: 'untrusted' });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
