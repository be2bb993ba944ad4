import { expect } from 'vitest';

import { RUN, testWithApi as base } from '../../testing.ts';

const ACCESS_KEY = 'dFKlMApaSgMeHKsJyaDeKrefcHahUK';

const test = base.extend('put', async ({ api, db }) => {
  return async (name: string, contentType: string, text = 'content') => {
    await api.ctx.storage.put('tasks/1/file', Buffer.from(text), {
      contentType,
      bytesMax: 1_000_000,
    });
    await db.sql`
      insert into files (id, access_key, organisation_id, task_id, name, content_type, size_bytes,
                         storage_key, created_at)
      values ('f1', ${ACCESS_KEY}, 1, 1, ${name}, ${contentType},
        ${Buffer.byteLength(text)}, 'tasks/1/file', now())`;
  };
});

test('a file is open to anyone with its access key', async ({ api, put }) => {
  await put('0.txt', 'text/plain; charset=utf-8', 'Grüße');
  const { status, text, headers } = await api.request(`/v1/File/${ACCESS_KEY}/0.txt`);
  expect({ status, text }).toEqual({ status: 200, text: 'Grüße' });
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-length': '7',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
  });
  expect(headers.has('content-disposition')).toBe(false);
});

test("a file that is a task's answer is read from the task", async ({ api, db, tenant, put }) => {
  await put('0.txt', 'text/plain; charset=utf-8', 'stored elsewhere');
  const { body } = await api.call(tenant, RUN, { prompt: 'Hello' });
  await db.sql`update tasks set debug_output = 'Grüße' where id = ${String(body['taskid'])}`;
  await db.sql`update files set task_id = ${String(body['taskid'])}, storage_key = null`;
  const { status, text, headers } = await api.request(`/v1/File/${ACCESS_KEY}/0.txt`);
  expect({ status, text, length: headers.get('content-length') }).toEqual({
    status: 200,
    text: 'Grüße',
    length: '7',
  });
});

test.for([
  ['text/plain', null],
  ['image/png', null],
  ['image/svg+xml', 'attachment'],
  ['text/html', 'attachment'],
  ['application/pdf', 'attachment'],
] as const)('%s is shown in place or downloaded: %s', async ([type, disposition], { api, put }) => {
  await put("it's 1.bin", type);
  const { headers } = await api.request(`/v1/file/${ACCESS_KEY}/it's%201.bin`);
  expect(headers.get('content-disposition')).toBe(
    disposition && `attachment; filename*=UTF-8''it%27s%201.bin`,
  );
});

test('HEAD answers the size without the content', async ({ api, put }) => {
  await put('0.txt', 'text/plain');
  const { text, headers } = await api.request(`/v1/File/${ACCESS_KEY}/0.txt`, { method: 'HEAD' });
  expect({ text, length: headers.get('content-length') }).toEqual({ text: '', length: '7' });
});

test('a wrong key, a wrong name or a missing object is not found', async ({ api, put, db }) => {
  await put('0.txt', 'text/plain');
  const paths = [
    `${ACCESS_KEY}/1.txt`,
    `${ACCESS_KEY.toLowerCase()}/0.txt`,
    `${'A'.repeat(30)}/0.txt`,
    `${ACCESS_KEY}/%00`,
    `${ACCESS_KEY}/..%2F0.txt`,
    '..%2F..%2Fetc/passwd',
  ];
  for (const path of paths) {
    const { status, body } = await api.request(`/v1/File/${path}`);
    expect({ status, body }).toMatchObject({ status: 404, body: { errors: [{ code: 1 }] } });
  }
  await db.sql`update files set storage_key = 'tasks/1/gone'`;
  expect((await api.request(`/v1/File/${ACCESS_KEY}/0.txt`)).status).toBe(404);
});
