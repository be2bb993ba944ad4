import { text } from 'node:stream/consumers';

import { expect, test } from 'vitest';

import { parseMultipartBody, refuseFiles, type TakeFile } from './parse-multipart-body.ts';

async function parse(form: FormData, takeFile: TakeFile) {
  const request = new Request('http://api.example', { method: 'POST', body: form });
  const bytes = Buffer.from(await request.arrayBuffer());
  return parseMultipartBody(bytes, request.headers.get('content-type') ?? '', takeFile);
}

test('a call that takes files gets each with its name and type, and the texts beside them', async () => {
  const form = new FormData();
  form.append('folderid', '7');
  form.append('file', new File(['one'], 'one.txt', { type: 'text/plain' }));
  form.append('file', new File([new Uint8Array([0xff, 0xfe])], 'two.bin'));
  const taken: Promise<string>[] = [];
  const fields = await parse(form, ({ name, fileName, contentType, content }) => {
    taken.push(text(content).then((all) => `${name} ${fileName} ${contentType} ${all.length}`));
  });
  expect(fields).toEqual({ folderid: '7' });
  expect(await Promise.all(taken)).toEqual([
    'file one.txt text/plain 3',
    'file two.bin application/octet-stream 2',
  ]);
});

test('a call without files refuses one by its name, and accepts an empty file field', async () => {
  const form = new FormData();
  form.append('prompt', 'Hello');
  form.append('image', new File(['x'], 'x.png'));
  await expect(parse(form, refuseFiles)).rejects.toThrow('[image] is a file');
  const empty = Buffer.from(
    '--x\r\nContent-Disposition: form-data; name="image"; filename=""\r\n' +
      'Content-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n',
  );
  expect(await parseMultipartBody(empty, 'multipart/form-data; boundary=x', refuseFiles)).toEqual(
    {},
  );
});
