import { text } from 'node:stream/consumers';

import { RunfleetError } from '@runfleet/protocol';
import fc from 'fast-check';
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

const TYPE = 'multipart/form-data; boundary=x';
const FORM = [
  '--x',
  'content-disposition: form-data; name="a"',
  '',
  'text',
  '--x',
  'content-disposition: form-data; name="f"; filename="file.bin"',
  'content-type: application/octet-stream',
  '',
  'bytes of a file',
  '--x',
  'content-disposition: form-data; name="a"',
  '',
  'more text',
  '--x--',
  '',
].join('\r\n');

/** What became of a form: its fields, or the message of its refusal. Rejects if anything else happens. */
async function outcomeOf(body: string): Promise<unknown> {
  const outcome = await parseMultipartBody(Buffer.from(body), TYPE, refuseFiles).catch(
    (error: unknown) => {
      if (error instanceof RunfleetError && error.kind === 'invalid_request') return error.message;
      throw error;
    },
  );
  // The parser's streams may still fail after it has settled.
  await new Promise(setImmediate);
  return outcome;
}

test('a form cut off anywhere is refused, and its process goes on', async () => {
  for (let length = 1; length < FORM.length - 4; length++) {
    expect(await outcomeOf(FORM.slice(0, length))).toBeTypeOf('string');
  }
});

test('a form with any bytes changed is read or refused, and its process goes on', async () => {
  const change = fc.record({
    at: fc.nat({ max: FORM.length }),
    removed: fc.nat({ max: 30 }),
    added: fc.oneof(
      fc.constantFrom(
        '\r\n--x',
        '\r\n--x--',
        '\r\n\r\n',
        '--x\r\n',
        '; filename=',
        'filename*=utf-8',
      ),
      fc.string({ maxLength: 20, unit: 'binary' }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const body = changes.reduce(
        (text, { at, removed, added }) => text.slice(0, at) + added + text.slice(at + removed),
        FORM,
      );
      expect(['string', 'object']).toContain(typeof (await outcomeOf(body)));
    }),
    { numRuns: 200 },
  );
});
