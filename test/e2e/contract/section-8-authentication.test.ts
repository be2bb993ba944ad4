/** Section 8 of the wire of August 2026: every form of a credential, at every door that takes one. */
import { createHmac } from 'node:crypto';

import { expect, test } from 'vitest';

import { type Key, MODEL } from '../fleet.ts';
import { post, sharedFleet } from './contract-fleet.ts';

const shared = sharedFleet();

const base64 = (text: string) => Buffer.from(text).toString('base64');
const pair = ({ apiKey, apiSecret }: Key) => `${apiKey}:${apiSecret}`;
const signed = ({ apiKey, apiSecret }: Key) => ({
  'x-api-key': apiKey,
  'x-nonce': '1700000000000',
  'x-signature': createHmac('sha256', apiKey).update(`${apiSecret}1700000000000`).digest('hex'),
});
const UNKNOWN = 'Project authorization is not founded.';
const INVALID = 'Project authorization is not valid.';
const UNSIGNED =
  'Project requires signature authentication. x-signature and x-nonce headers are required.';

type Headers = (own: Key, other: Key) => Record<string, string>;

const ACCEPTED: [string, Headers][] = [
  ['a signature', signed],
  [
    'a signature as openssl prints it, in upper case',
    (own) => ({
      ...signed(own),
      'x-signature': `SHA2-256(stdin)= ${signed(own)['x-signature'].toUpperCase()}`,
    }),
  ],
  ['x-api-key: key:secret', (own) => ({ 'x-api-key': pair(own) })],
  ['Bearer key:secret', (own) => ({ authorization: `Bearer ${pair(own)}` })],
  ['Bearer base64(key:secret)', (own) => ({ authorization: `Bearer ${base64(pair(own))}` })],
  [
    'both headers with one credential',
    (own) => ({ 'x-api-key': pair(own), authorization: `Bearer ${base64(pair(own))}` }),
  ],
];

const REFUSED: [string, Headers, string][] = [
  ['no credential', () => ({}), UNKNOWN],
  ['an unknown key', () => ({ 'x-api-key': 'unknown' }), UNKNOWN],
  ['a key alone', (own) => ({ 'x-api-key': own.apiKey }), UNSIGNED],
  ['a bearer of a key alone', (own) => ({ authorization: `Bearer ${own.apiKey}` }), UNSIGNED],
  ['a wrong secret', (own) => ({ 'x-api-key': `${own.apiKey}:wrong` }), INVALID],
  [
    'base64 of a wrong secret',
    (own) => ({ authorization: `Bearer ${base64(`${own.apiKey}:wrong`)}` }),
    INVALID,
  ],
  ['a wrong signature', (own) => ({ ...signed(own), 'x-signature': '0'.repeat(64) }), INVALID],
  ['a signature of another nonce', (own) => ({ ...signed(own), 'x-nonce': '2' }), INVALID],
  [
    'two headers with different keys',
    (own, other) => ({ 'x-api-key': pair(own), authorization: `Bearer ${pair(other)}` }),
    INVALID,
  ],
  [
    'two headers with different secrets',
    (own, other) => ({
      'x-api-key': pair(own),
      authorization: `Bearer ${base64(`${own.apiKey}:${other.apiSecret}`)}`,
    }),
    INVALID,
  ],
];

/** Each door with the call that it takes; the task is one of the key's own. */
async function atEachDoor(
  headers: Record<string, string>,
  taskid: string | undefined,
): Promise<{ door: string; status: number; text: string }[]> {
  const { fleet } = shared;
  const api = async (path: string, body: object) => {
    const response = await fetch(`${fleet.apiUrl()}/${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return { door: path, status: response.status, text: await response.text() };
  };
  const stream = await fetch(`${fleet.gateway[0]?.url}/v1/tasks/${taskid}/events`, { headers });
  return [
    await api(`Run/${MODEL}`, { prompt: 'a' }),
    await api(`Run/${MODEL}/sync`, { prompt: 'a' }),
    await api('Task/Detail', { taskid }),
    await api('Task/List', {}),
    await api('Task/Stat', {}),
    { door: 'the stream of events', status: stream.status, text: await stream.text() },
  ];
}

test.for(ACCEPTED)('%s is accepted at every door', async ([, headersOf]) => {
  const { fleet } = shared;
  const { body } = await post(fleet, `Run/${MODEL}/sync`, { body: { prompt: 'a' } });
  const id = body.tasklist?.[0]?.['id'] as string;
  for (const { door, status, text } of await atEachDoor(headersOf(fleet.key, fleet.key), id)) {
    expect({ door, status, isRefused: text.includes('"result":false') }).toEqual({
      door,
      status: 200,
      isRefused: false,
    });
  }
});

test('every other form is refused with 401 and its reason at every door, and stores nothing', async () => {
  const { fleet } = shared;
  const other = await fleet.createKey();
  const { body } = await post(fleet, `Run/${MODEL}/sync`, { body: { prompt: 'a' } });
  const id = body.tasklist?.[0]?.['id'] as string;
  const [before] = await fleet.db.sql`select count(*)::int as tasks from tasks`;
  for (const [form, headersOf, message] of REFUSED) {
    for (const { door, status, text } of await atEachDoor(headersOf(fleet.key, other), id)) {
      expect({ form, door, status }).toEqual({ form, door, status: 401 });
      expect({ form, door, body: JSON.parse(text) as unknown }).toEqual({
        form,
        door,
        body: { errors: [{ code: 0, message }], result: false },
      });
    }
  }
  expect(await fleet.db.sql`select count(*)::int as tasks from tasks`).toEqual([before]);
});

test('Tool calls take no key, and refuse a wrong one', async () => {
  const url = `${shared.fleet.apiUrl()}/Tool/List`;
  expect((await fetch(url, { method: 'POST' })).status).toBe(200);
  expect((await fetch(url, { method: 'POST', headers: { 'x-api-key': 'unknown' } })).status).toBe(
    401,
  );
});
