/** Fixtures for tests of the guard: a name server whose answers a test decides, and a web server. */
import { createSocket } from 'node:dgram';
import { promises } from 'node:dns';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export { CA, CERTIFICATE, KEY } from './certificate.fixture.ts';

const TYPES = { 1: 'A', 28: 'AAAA' } as const;
const HEAD_BYTES = 12;
const NOT_FOUND = 3;

/** The addresses of a name for its `nth` query of that type, counted from 1; null: there is no such name. */
export type Answers = (name: string, type: 'A' | 'AAAA', nth: number) => readonly string[] | null;

/** A name server on loopback, and a resolver that asks only it. */
export async function startNameServer(answers: Answers) {
  const counts = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const { name, type, end } = readQuestion(query);
    const nth = (counts.get(`${type} ${name}`) ?? 0) + 1;
    counts.set(`${type} ${name}`, nth);
    const found = answers(name, type, nth);
    socket.send(writeAnswer(query.subarray(0, end), found), port, address);
  });
  await new Promise<void>((ready) => socket.bind(0, '127.0.0.1', ready));
  const resolver = new promises.Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return {
    resolver,
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => socket.close(closed)),
  };
}

/** A web server on loopback that counts connections. */
export async function startWebServer(listener: RequestListener) {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => (connections += 1));
  // Both families where the machine has them.
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

function readQuestion(query: Buffer): { name: string; type: 'A' | 'AAAA'; end: number } {
  const labels: string[] = [];
  let at = HEAD_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES[query.readUInt16BE(at + 1) as keyof typeof TYPES];
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function writeAnswer(question: Buffer, addresses: readonly string[] | null): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(addresses === null ? 0x8180 + NOT_FOUND : 0x8180, 2);
  head.writeUInt16BE(addresses?.length ?? 0, 6);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([head, ...(addresses ?? []).map(writeRecord)]);
}

/** A record with no time to live, so that no one keeps it. */
function writeRecord(address: string): Buffer {
  const bytes = address.includes(':') ? ipv6Bytes(address) : address.split('.').map(Number);
  const type = address.includes(':') ? 28 : 1;
  return Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length, ...bytes]);
}

function ipv6Bytes(address: string): number[] {
  const host = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = host.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)];
  return all.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}
