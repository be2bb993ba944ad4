import { BlockList } from 'node:net';

import { expect, test } from 'vitest';

import { openOutbound } from './open-outbound.ts';
import { type Answers, startNameServer, startWebServer } from './testing.ts';

/** Hosts that are refused, in every spelling; `P` stands for the port of a server that listens there. */
const HOSTS = [
  // Loopback.
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7F.0x00.0x00.0x01',
  '0x7f.1',
  '017700000001',
  '0177.0.0.1',
  '0177.0x0.0.1',
  '00000177.1',
  '127.0.0.0x1',
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  '１２７.０.０.１',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '127．0．0．1',
  '0',
  '0.0.0.0',
  '0x0',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::FFFF:7F00:0001]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2002:7f00:0001:0000::1]',
  '[2001:0:7f00:1::]',
  'localhost',
  'localhost.',
  'LOCALHOST',
  'ＬＯＣＡＬＨＯＳＴ',
  'app.localhost',
  // Private, shared, link-local, metadata.
  '10.0.0.1',
  '012.0.0.1',
  '167772161',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '0xc0a80001',
  '3232235521',
  '100.64.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '169.254.169.254',
  '169.254.170.2',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  // Multicast, broadcast, reserved, documentation, benchmarks.
  '224.0.0.1',
  '239.255.255.250',
  '255.255.255.255',
  '4294967295',
  '240.0.0.1',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '[ff02::1]',
  '[2001:db8::1]',
  '[3fff::1]',
  '[2001:2::1]',
  '[100::1]',
  '[5f00::1]',
] as const;

/** URLs that are refused, or are none, for another reason than their host. */
const URLS = [
  'http://user@127.0.0.1:P/',
  'http://example.org:80@127.0.0.1:P/',
  'http://127.0.0.1:P@example.org/',
  'http://:secret@example.org/',
  'http://127.0.0.1:P#@example.org/',
  'http://127.0.0.1:P\\@example.org/',
  'http:\\\\127.0.0.1:P/',
  'http:127.0.0.1:P',
  ' http://127.0.0.1:P/',
  'http://127.0.0.1\t:P/',
  'ht\ntp://127.0.0.1:P/',
  'http://[fe80::1%25lo]:P/',
  'http://[::1%lo]:P/',
  'http://1.1.1.1 &@127.0.0.1:P/',
  'http://127.0.0.1:P:80/',
  'http://127.0.0.256:P/',
  'http://1.2.3.4.5:P/',
  'http://0x7f.0x0.0x0.0x100:P/',
  '//127.0.0.1:P/',
  '127.0.0.1:P',
  '',
  'ftp://example.org/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:P/_GET',
  'data:text/plain,x',
  'javascript:alert(1)',
  'ws://127.0.0.1:P/',
  'http://example.org:22/',
  'http://example.org:25/',
  'https://example.org:993/',
  'http://example.org:0/',
  `http://example.org/${'a'.repeat(2_100)}`,
] as const;

/** Names whose addresses may not be called. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'loopback.test': ['127.0.0.1'],
  'loopback-v6.test': ['::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'nat64.test': ['64:ff9b::7f00:1'],
  'six-to-four.test': ['2002:7f00:1::1'],
  'private.test': ['10.1.2.3', '192.168.1.1'],
  'metadata.test': ['169.254.169.254', 'fd00:ec2::254'],
  'link-local.test': ['fe80::1'],
  'unspecified.test': ['0.0.0.0', '::'],
  'xn--bcher-kva.test': ['127.0.0.1'],
};

const LIMITS = {
  connectMs: 5_000,
  headMs: 5_000,
  totalMs: 10_000,
  headBytes: 16_384,
  bodyBytes: 1_000,
};
const get = (url: string) => ({ method: 'GET', url, redirectsMax: 3, limits: LIMITS }) as const;

const inNames: Answers = (name, type) =>
  NAMES[name]?.filter((address) => address.includes(':') === (type === 'AAAA')) ?? null;

test('no spelling of an address that is not public is connected to', async () => {
  await using web = await startWebServer((_request, response) => response.end('inside'));
  await using names = await startNameServer(inNames);
  const outbound = openOutbound({ openNetworks: null, resolver: names.resolver });
  const urls = [
    ...HOSTS.flatMap((host) => [`http://${host}:${web.port}/`, `https://${host}:${web.port}/`]),
    ...Object.keys(NAMES).map((name) => `http://${name}:${web.port}/`),
    `http://bücher.test:${web.port}/`,
    ...URLS.map((url) => url.replaceAll('P', String(web.port))),
  ];
  for (const url of urls) {
    const outcome = await outbound.call(get(url)).then(
      () => 'called',
      (error: { kind?: string }) => error.kind,
    );
    expect({ url, outcome }).toEqual({ url, outcome: 'refused' });
  }
  expect(HOSTS.length).toBeGreaterThanOrEqual(60);
  expect(web.connections).toBe(0);
});

test('the answer of DNS that is checked is the one that is connected to', async () => {
  await using web = await startWebServer((_request, response) => response.end('inside'));
  // The first answer is public, every later one is loopback.
  await using names = await startNameServer((_name, type, nth) =>
    type === 'AAAA' ? [] : nth === 1 ? ['192.0.2.7'] : ['127.0.0.1'],
  );
  const open = new BlockList();
  // Stands for a public address that no machine answers at.
  open.addAddress('192.0.2.7', 'ipv4');
  const outbound = openOutbound({ openNetworks: open, resolver: names.resolver });
  const limits = { ...LIMITS, connectMs: 300 };
  const url = `http://rebind.test:${web.port}/`;
  await expect(outbound.call({ ...get(url), limits })).rejects.toMatchObject({
    kind: expect.stringMatching(/timeout|unreachable/) as string,
  });
  // A later call is checked again.
  await expect(outbound.call(get(url))).rejects.toMatchObject({ kind: 'refused' });
  expect(web.connections).toBe(0);
});

test('a name with public and other addresses is only connected to at the public ones', async () => {
  await using web = await startWebServer((_request, response) => response.end('outside'));
  await using names = await startNameServer((_name, type) =>
    type === 'A' ? ['10.0.0.1', '127.0.0.1'] : ['64:ff9b::1'],
  );
  const open = new BlockList();
  open.addAddress('127.0.0.1', 'ipv4');
  const outbound = openOutbound({ openNetworks: open, resolver: names.resolver });
  using answer = await outbound.call(get(`http://mixed.test:${web.port}/`));
  expect(answer.status).toBe(200);
});

test('each redirect is checked as the first address is', async () => {
  await using inside = await startWebServer((_request, response) => response.end('inside'));
  let location = '';
  await using web = await startWebServer((_request, response) =>
    response.writeHead(302, { location }).end(),
  );
  await using names = await startNameServer(() => ['10.0.0.1']);
  // Stands for the public internet; what is inside has another address of loopback.
  const open = new BlockList();
  open.addAddress('127.0.0.1', 'ipv4');
  const outbound = openOutbound({ openNetworks: open, resolver: names.resolver });
  for (location of [
    `http://127.0.0.2:${inside.port}/`,
    `http://127.2:${inside.port}/`,
    `//[::1]:${inside.port}/`,
    `http://inside.test:${inside.port}/`,
    `http://user@127.0.0.1:${inside.port}/`,
    'file:///etc/passwd',
    'http://127.0.0.1:22/',
    'http://[',
    `${web.url}/again`,
  ]) {
    await expect(outbound.call(get(web.url))).rejects.toMatchObject({ kind: 'refused' });
  }
  expect(inside.connections).toBe(0);
});
