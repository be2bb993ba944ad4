import type { FileAnswer, FileDeleteAnswer, FileListAnswer, WireFile } from '@runfleet/protocol';
import { expect } from 'vitest';

import { type Tenant, testWithApi } from '../../../testing.ts';

const test = testWithApi.extend('files', ({ api }) => {
  const call = async <Answer = Record<string, unknown>>(
    tenant: Tenant,
    name: string,
    body: unknown,
    headers = {},
  ) => {
    const reply = await api.call(tenant, `/v1/File/${name}`, body, headers);
    return { ...reply, body: reply.body as Answer };
  };
  const list = async (tenant: Tenant, body = {}) =>
    (await call<FileListAnswer>(tenant, 'List', body)).body;
  const one = async (tenant: Tenant, name: string, body: unknown): Promise<WireFile> => {
    const answer = (await call<FileAnswer>(tenant, name, body)).body;
    expect(answer).toMatchObject({ result: true });
    return answer.list[0];
  };
  /** Reads a file by its URL, which has the origin of the API. */
  const get = (file: WireFile, init: RequestInit = {}) =>
    api.request(new URL('url' in file ? file.url : '').pathname, init);
  return { call, list, one, get };
});

function form(
  content: string | Buffer<ArrayBuffer>,
  name: string,
  { before = {}, after = {} }: { before?: object; after?: object } = {},
): FormData {
  const sent = new FormData();
  for (const [field, value] of Object.entries(before)) sent.set(field, value as string);
  sent.set('file', new Blob([content]), name);
  for (const [field, value] of Object.entries(after)) sent.set(field, value as string);
  return sent;
}

test('an uploaded file is answered, listed, shown and read without credentials', async ({
  api,
  tenant,
  files,
}) => {
  const file = await files.one(tenant, 'Upload', form('Grüße', 'über uns.txt'));
  expect(file).toEqual({
    id: expect.stringMatching(/^[\da-f]{32}$/) as string,
    name: 'über uns.txt',
    parentid: '0',
    size: '7',
    contenttype: 'text/plain',
    addedtime: expect.stringMatching(/^\d{10}$/) as string,
    accesskey: expect.stringMatching(/^[A-Za-z0-9]{30}$/) as string,
    url: expect.stringMatching(/\/v1\/File\/[A-Za-z0-9]{30}\/%C3%BCber%20uns\.txt$/) as string,
    expiretime: null,
  });
  expect(await files.list(tenant)).toMatchObject({ total: '1', list: [file] });
  expect(await files.one(tenant, 'Detail', { id: file.id })).toEqual(file);
  const { status, text, headers } = await files.get(file);
  expect({ status, text }).toEqual({ status: 200, text: 'Grüße' });
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '7',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
  });
  expect(JSON.stringify(api.lines)).not.toContain('accesskey' in file ? file.accesskey : '');
});

test.for(['before', 'after'] as const)(
  'the folder may be named %s the file',
  async (position, { tenant, files }) => {
    const folder = await files.one(tenant, 'FolderCreate', { name: 'inputs_2026-08' });
    expect(folder).toEqual({
      id: folder.id,
      name: 'inputs_2026-08',
      parentid: '0',
      size: '0',
      contenttype: '',
      addedtime: folder.addedtime,
    });
    const fields = { [position]: { folderid: folder.id } };
    const file = await files.one(tenant, 'Upload', form('a', 'a.txt', fields));
    expect(file.parentid).toBe(folder.id);
    expect((await files.list(tenant)).list).toEqual([folder]);
    expect((await files.list(tenant, { parentid: folder.id })).list).toEqual([file]);
  },
);

test('a file is renamed, moved, revoked and deleted', async ({ tenant, files }) => {
  const folder = await files.one(tenant, 'FolderCreate', { name: 'a' });
  const first = await files.one(tenant, 'Upload', form('a', 'a.txt'));
  const { id } = first;
  expect(await files.one(tenant, 'Rename', { id, name: 'b.txt' })).toMatchObject({ name: 'b.txt' });
  expect((await files.get(first)).status).toBe(404);
  const moved = await files.one(tenant, 'Move', { id, parentid: folder.id });
  expect(moved).toMatchObject({ name: 'b.txt', parentid: folder.id });
  expect((await files.get(moved)).text).toBe('a');
  const rotated = await files.one(tenant, 'AccessKeyRotate', { id });
  expect((await files.get(moved)).status).toBe(404);
  expect((await files.get(rotated)).text).toBe('a');
  const { body } = await files.call<FileDeleteAnswer>(tenant, 'Delete', { id: folder.id });
  expect(body).toEqual({ errors: [], deleted: '2', result: true });
  expect((await files.get(rotated)).status).toBe(404);
  expect((await files.list(tenant)).total).toBe('0');
});

test('a part of a file is answered where a client asks for one', async ({ tenant, files }) => {
  const file = await files.one(tenant, 'Upload', form('0123456789', 'a.txt'));
  const read = async (headers: Record<string, string>) => {
    const { status, text, headers: got } = await files.get(file, { headers });
    return { status, text, range: got.get('content-range'), length: got.get('content-length') };
  };
  const tag = (await files.get(file)).headers.get('etag') ?? '';
  const whole = { status: 200, text: '0123456789', range: null, length: '10' };
  const part = { status: 206, text: '234', range: 'bytes 2-4/10', length: '3' };
  expect(await read({ range: 'bytes=2-4' })).toEqual(part);
  expect(await read({ range: 'bytes=2-4', 'if-range': tag })).toEqual(part);
  expect(await read({ range: 'bytes=2-4', 'if-range': '"other"' })).toEqual(whole);
  expect(await read({ range: 'bytes=-2' })).toMatchObject({ status: 206, text: '89' });
  expect(await read({ range: 'bytes=0-1,3-4' })).toEqual(whole);
  expect(await read({ range: 'bytes=10-' })).toMatchObject({ status: 416, range: 'bytes */10' });
  expect(await read({ 'if-none-match': tag })).toMatchObject({ status: 304, text: '' });
});

test.for([
  ['a.exe', 'x', 'no accepted file type'],
  ['a', 'x', 'no accepted file type'],
  ['a.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'no accepted file type'],
  ['a.html', '<script>alert(1)</script>', 'no accepted file type'],
] as const)(
  'a file with the name %s is refused and leaves nothing',
  async ([name, content, message], { api, db, tenant, files }) => {
    const { body } = await files.call(tenant, 'Upload', form(content, name));
    expect(body).toMatchObject({
      result: false,
      errors: [{ code: 0, message: expect.stringContaining(message) as string }],
    });
    const left = await db.sql`select key from stray_objects`;
    expect(left).toHaveLength(0);
    for await (const page of api.ctx.storage.list('uploads')) expect(page).toEqual([]);
  },
);

test('a body over the limit is refused before it is read, or as soon as it is known', async ({
  api,
  tenant,
  files,
}) => {
  api.ctx.settings.fileLimits.fileBytesMax = 1_000;
  let read = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      read += 16_384;
      controller.enqueue(
        read === 16_384
          ? Buffer.from(
              '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n',
            )
          : Buffer.alloc(16_384, 'x'),
      );
    },
  });
  const send = (more: Record<string, string>) =>
    api.request('/v1/File/Upload', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tenant.apiKey}:${tenant.apiSecret}`,
        'content-type': 'multipart/form-data; boundary=b',
        ...more,
      },
      body: endless,
      duplex: 'half',
    } as RequestInit);
  expect((await send({ 'content-length': '1000000' })).status).toBe(413);
  // What the stream of a request holds ready.
  expect(read).toBeLessThan(100_000);
  const counted = await files.call(tenant, 'Upload', form('x'.repeat(1_001), 'a.txt'));
  expect(counted).toMatchObject({
    status: 413,
    body: { errors: [{ message: 'A file may have 1000 bytes at most.' }] },
  });
});

test.for([
  ['List', { parentid: 'x' }, 'no such file or folder', 1],
  ['FolderCreate', { name: 'a b' }, '[name] must be', 0],
  ['FolderCreate', { name: 'a', parentid: 'f'.repeat(32) }, 'no such folder', 1],
  ['FolderCreate', {}, '[name] required', 0],
  ['Delete', {}, '[id] required', 0],
  ['Delete', { id: 7 }, 'no such file or folder', 1],
  ['Detail', { id: "'; --" }, 'no such file or folder', 1],
  ['Rename', { id: 'f'.repeat(32), name: 'x' }, 'no such file or folder', 1],
  ['Upload', '{}', 'multipart/form-data', 0],
] as const)('%s with %j is refused', async ([name, body, message, code], { tenant, files }) => {
  expect((await files.call(tenant, name, body)).body).toMatchObject({
    result: false,
    errors: [{ code, message: expect.stringContaining(message) as string }],
  });
});

test.for([
  ['without a file', [['a', 'b']], 'Request files [file] required'],
  [
    'with two files',
    [
      ['file', 'a'],
      ['file', 'b'],
    ],
    'one file at a time',
  ],
  ['with a file of another name', [['picture', 'a']], '[picture] is a file'],
] as const)('a form %s is refused', async ([name, parts, message], { tenant, files }) => {
  const sent = new FormData();
  for (const [part, content] of parts) {
    if (name === 'without a file') sent.append(part, content);
    else sent.append(part, new Blob([content]), 'a.txt');
  }
  expect((await files.call(tenant, 'Upload', sent)).body).toMatchObject({
    errors: [{ message: expect.stringContaining(message) as string }],
  });
  expect((await files.list(tenant)).total).toBe('0');
});

test('a form that is cut off, or is none, is refused', async ({ tenant, files }) => {
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const start = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc';
  for (const cut of [start, '--b\r\n', 'x', '']) {
    const { body } = await files.call(tenant, 'Upload', cut, headers);
    expect(body).toMatchObject({ result: false });
  }
  expect((await files.list(tenant)).total).toBe('0');
});

test('another tenant sees no file and reaches none by its id', async ({ api, tenant, files }) => {
  const { id } = await files.one(tenant, 'Upload', form('a', 'a.txt'));
  const other = await api.createTenant();
  expect((await files.list(other)).list).toEqual([]);
  const calls = [
    ['Detail', { id }],
    ['Delete', { id }],
    ['Rename', { id, name: 'b.txt' }],
    ['Move', { id, parentid: '0' }],
    ['AccessKeyRotate', { id }],
    ['Upload', form('a', 'a.txt', { after: { projectid: tenant.projectId } })],
  ] as const;
  for (const [name, body] of calls) {
    expect((await files.call(other, name, body)).body).toMatchObject({ result: false });
  }
  expect((await files.list(tenant)).total).toBe('1');
});

test('uploads at once are limited per organisation', async ({ api, tenant, files }) => {
  const { organisationId } = tenant;
  using _first = api.ctx.uploads.open(organisationId);
  using _second = api.ctx.uploads.open(organisationId);
  expect((await files.call(tenant, 'Upload', form('a', 'a.txt'))).status).toBe(429);
  const other = await api.createTenant();
  expect((await files.call(other, 'Upload', form('a', 'a.txt'))).status).toBe(200);
  using _third = api.ctx.uploads.open('x');
  using _fourth = api.ctx.uploads.open('y');
  expect((await files.call(other, 'Upload', form('a', 'a.txt'))).status).toBe(503);
});
