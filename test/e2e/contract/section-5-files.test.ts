/** Section 5 of the wire of August 2026: files, against real processes. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { zipOf } from '@runfleet/file-formats/testing';
import { expect, test } from 'vitest';

import { post, sharedFleet } from './contract-fleet.ts';

const shared = sharedFleet();
const MB = 1_000_000;

type WireFile = Record<'id' | 'name' | 'parentid' | 'url' | 'accesskey' | 'size', string>;

const file = (name: string, content: string | Uint8Array<ArrayBuffer>, folderid?: string) => {
  const form = new FormData();
  form.set('file', new Blob([content]), name);
  if (folderid !== undefined) form.set('folderid', folderid);
  return form;
};

async function call(name: string, body: unknown): Promise<Record<string, unknown>> {
  return (await post(shared.fleet, `File/${name}`, { body })).body;
}

async function one(name: string, body: unknown): Promise<WireFile> {
  const answer = await call(name, body);
  expect(answer).toMatchObject({ errors: [], result: true });
  return (answer['list'] as [WireFile])[0];
}

test('the answers of FolderCreate and Upload have the keys of the contract', async () => {
  const folder = await one('FolderCreate', { name: 'in-puts_1' });
  expect(folder).toEqual({
    id: expect.any(String) as string,
    name: 'in-puts_1',
    parentid: '0',
    size: '0',
    contenttype: '',
    addedtime: expect.stringMatching(/^\d+$/) as string,
  });
  const stored = await one('Upload', file('a.md', '# A', folder.id));
  expect(stored).toMatchObject({
    name: 'a.md',
    contenttype: 'text/markdown',
    size: '3',
    parentid: folder.id,
    url: `${shared.fleet.apiUrl()}/File/${stored.accesskey}/a.md`,
    addedtime: expect.stringMatching(/^\d+$/) as string,
  });
});

test('a file is public by its key until it is deleted, and a browser never runs it', async () => {
  const stored = await one('Upload', file('notes.txt', 'Hello'));
  const read = await fetch(stored.url);
  expect([read.status, await read.text()]).toEqual([200, 'Hello']);
  expect(Object.fromEntries(read.headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
  });
  expect(read.headers.get('content-disposition')).toBeNull();
  const attached = await fetch((await one('Upload', file('a.csv', 'a,b'))).url);
  expect(attached.headers.get('content-disposition')).toMatch(/^attachment/);
  const part = await fetch(stored.url, { headers: { range: 'bytes=1-2' } });
  expect([part.status, await part.text()]).toEqual([206, 'el']);
  expect(await call('Delete', { id: stored.id })).toMatchObject({ deleted: '1', result: true });
  expect((await fetch(stored.url)).status).toBe(404);
});

test('a zip archive is unpacked, and one that reaches outside of its folder is refused', async () => {
  const good = zipOf([
    { name: 'a.txt', data: 'a' },
    { name: 'b/c.txt', data: 'c' },
  ]);
  const folder = await one('Upload', file('inputs.zip', new Uint8Array(good)));
  const { list } = (await call('List', { parentid: folder.id })) as { list: WireFile[] };
  expect(list.map(({ name }) => name)).toEqual(['b', 'a.txt']);
  const bad = zipOf([{ name: '../a.txt', data: 'a' }]);
  const refused = await call('Upload', file('bad.zip', new Uint8Array(bad)));
  expect(refused).toMatchObject({ result: false, errors: [{ code: 0 }] });
});

test('the client uploads, lists, changes and deletes files', async () => {
  const { files } = shared.fleet.client();
  const folder = await files.createFolder('of-the-client');
  const { id } = await files.upload(new File(['a,b'], 'a.csv'), { folderId: folder.id });
  expect(await files.list({ folderId: folder.id })).toMatchObject({ total: 1, files: [{ id }] });
  expect(await files.rename(id, 'b.csv')).toMatchObject({ name: 'b.csv' });
  expect(await files.move(id, null)).toMatchObject({ parentid: '0' });
  const rotated = await files.rotateAccessKey(id);
  expect(await files.detail(id)).toEqual(rotated);
  expect(await files.delete(id)).toBe(1);
  expect(await files.delete(folder.id)).toBe(1);
});

test.skipIf(process.platform !== 'linux')(
  'an upload of 100 MB adds less than 50 MB to the memory of the api, and comes back whole',
  async () => {
    const [api] = shared.fleet.api;
    const residentBytes = () => {
      const [, pages = '0'] = readFileSync(`/proc/${api?.pid}/statm`, 'utf8').split(' ');
      return Number(pages) * 4_096;
    };
    await one('Upload', file('warm.txt', 'x'.repeat(5 * MB)));
    const before = residentBytes();
    let most = before;
    const ends = new AbortController();
    const watching = (async () => {
      while (!ends.signal.aborted) {
        most = Math.max(most, residentBytes());
        await pause(20);
      }
    })();
    const stored = await uploadText(100 * MB - 1);
    let received = 0;
    for await (const chunk of (await fetch(stored.url)).body ?? []) received += chunk.byteLength;
    ends.abort();
    await watching;
    expect(stored.size).toBe(String(100 * MB - 1));
    expect(received).toBe(100 * MB - 1);
    expect((most - before) / MB).toBeLessThan(50);
  },
);

/** Streams a text of this size without holding it. */
async function uploadText(sizeBytes: number): Promise<WireFile> {
  const { apiKey, apiSecret } = shared.fleet.key;
  const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="large.txt"\r\n\r\n';
  const tail = '\r\n--b--\r\n';
  const sending = request(`${shared.fleet.apiUrl()}/File/Upload`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}:${apiSecret}`,
      'content-type': 'multipart/form-data; boundary=b',
      'content-length': head.length + sizeBytes + tail.length,
    },
  });
  const answered = once(sending, 'response');
  sending.write(head);
  const chunk = Buffer.alloc(65_536, 'x');
  for (let left = sizeBytes; left > 0; left -= chunk.length) {
    if (!sending.write(chunk.subarray(0, left))) await once(sending, 'drain');
  }
  sending.end(tail);
  const [response] = (await answered) as [AsyncIterable<Buffer>];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  const answer = JSON.parse(Buffer.concat(parts).toString()) as { list?: [WireFile] };
  const [stored] = answer.list ?? [];
  if (stored === undefined)
    throw new Error(`The upload was answered with ${JSON.stringify(answer)}`);
  return stored;
}
