import { BlockList } from 'node:net';

import { findModel } from '@runfleet/catalog';
import { openOutbound } from '@runfleet/outbound';
import { startWebServer } from '@runfleet/outbound/testing';
import { expect, onTestFinished } from 'vitest';

import { PdfReader } from '../../../file-texts/pdf/pdf-reader.ts';
import { drawn, pdfOf, pdfOfPages, streamOf } from '../../../file-texts/pdf/testing-pdf.ts';
import { RUN, testWithApi as test } from '../../../testing.ts';

const phi35 = findModel('microsoft', 'Phi-3.5-mini-instruct') ?? { pool: '' };
const PDF = pdfOfPages([['The harbour opens at six.'], ['The last boat leaves at ten.']]);
const PDF_TEXT = 'The harbour opens at six.\n\nThe last boat leaves at ten.';

type Part = [string, string | File];

function aForm(...parts: Part[]): FormData {
  const form = new FormData();
  for (const [name, value] of parts) form.append(name, value);
  return form;
}

function aFile(name: string, ...content: (string | Buffer)[]): Part {
  const parts = content.map((part) => (typeof part === 'string' ? part : new Uint8Array(part)));
  return ['inputFile', new File(parts, name)];
}

const refusal = (message: string) => ({
  errors: [{ code: 0, message: expect.stringContaining(message) }],
  result: false,
});

test("the texts of a form's files are pinned to the task under their names", async ({
  api,
  tenant,
  db,
}) => {
  const form = aForm(
    ['prompt', 'When does the last boat leave?'],
    ['inputFileUrl', ''],
    ['temperature', '0'],
    aFile('../tide\ttable.PDF', PDF),
    aFile('Größe.csv', '\uFEFFname;size\r\nboat;7\r\n'),
  );
  const { body } = await api.call(tenant, RUN, form);
  expect(body).toMatchObject({ errors: [], result: true });
  const [row] = await db.sql`select parameters, file_texts from tasks`;
  expect(row).toEqual({
    parameters: {
      prompt: 'When does the last boat leave?',
      inputFileUrl: '',
      temperature: '0',
      inputFile: ['tide table.PDF', 'Größe.csv'],
    },
    file_texts: [
      { name: 'tide table.PDF', text: PDF_TEXT },
      { name: 'Größe.csv', text: 'name;size\r\nboat;7\r\n' },
    ],
  });
  const detail = await api.call(tenant, '/v1/Task/Detail', { taskid: body['taskid'] });
  expect(detail.text).not.toContain('harbour');
});

test.for<[string, Part[], string]>([
  [
    'under a parameter that takes none',
    [['prompt', new File(['x'], 'p.txt')]],
    '[prompt] is a file, and takes none. Send files in [inputFile].',
  ],
  [
    'under an unknown parameter',
    [['inputImage', new File(['x'], 'x.png')]],
    '[inputImage] is a file, and takes none',
  ],
  [
    'that is no text',
    [aFile('x.png', Buffer.from([0x89, 0xff]))],
    'x.png is neither UTF-8 nor UTF-16',
  ],
  ['that is empty', [aFile('empty.txt', '')], 'empty.txt is empty'],
  ['that is a damaged PDF', [aFile('d.pdf', '%PDF-1.7 ...')], 'd.pdf is not a readable PDF'],
  ['without text', [aFile('scan.pdf', pdfOfPages([[]]))], 'scan.pdf has no text'],
  [
    'with more text than a body may have',
    [aFile('a.txt', 'x'.repeat(600_000)), aFile('b.txt', 'x'.repeat(600_000))],
    'b.txt has 600000 characters, and at most 400000 are read',
  ],
  [
    'beyond the tenth',
    Array.from({ length: 11 }, (_, n) => aFile(`${n}.txt`, 'x')),
    '[inputFile] must have at most 10 files',
  ],
])(
  'a file %s is refused by name; nothing is stored or charged',
  async ([, parts, message], { api, tenant, db }) => {
    const { body } = await api.call(tenant, RUN, aForm(['prompt', 'Read'], ...parts));
    expect(body).toEqual(refusal(message));
    const [row] =
      await db.sql`select (select count(*) from tasks) as tasks, sum(held) as held from accounts`;
    expect(row).toEqual({ tasks: '0', held: '0.000000000000' });
  },
);

test('files of more bytes than a Run may bring are refused, in one and together', async ({
  api,
  tenant,
}) => {
  const large = (sizeBytes: number) => aFile('large.txt', Buffer.alloc(sizeBytes, 'x'));
  for (const parts of [
    [large(2_000_001)],
    [large(1_200_000), large(1_200_000)],
    [large(4_000_000)],
  ]) {
    const { status, body } = await api.call(tenant, RUN, aForm(['prompt', 'Read'], ...parts));
    expect({ status, body }).toEqual({ status: 413, body: refusal(' than ') });
  }
});

test('a file needs a user who asks about it', async ({ api, tenant }) => {
  const { body: noPrompt } = await api.call(tenant, RUN, aForm(aFile('a.txt', 'text')));
  expect(noPrompt).toEqual(refusal('[prompt] required'));
  const messages = JSON.stringify([{ role: 'user', content: 'Read' }]);
  const { body } = await api.call(
    tenant,
    RUN,
    aForm(['messages', messages], aFile('a.txt', 'text')),
  );
  expect(body).toMatchObject({ result: true });
});

test('a repeated key with the same files is the same task; with other contents it is a conflict', async ({
  api,
  tenant,
}) => {
  const send = (content: string, name = 'a.txt') =>
    api.call(tenant, RUN, aForm(['prompt', 'Read'], aFile(name, content)), {
      'idempotency-key': 'k',
    });
  const first = await send('one');
  expect((await send('one')).body).toEqual(first.body);
  expect((await send('two')).status).toBe(409);
  expect((await send('one', 'b.txt')).status).toBe(409);
});

test('deleted contents of a task include the texts of its files', async ({ api, tenant, db }) => {
  const { body } = await api.call(tenant, RUN, aForm(['prompt', 'Read'], aFile('a.txt', 'secret')));
  const reference = { tasktoken: body['socketaccesstoken'] };
  await api.call(tenant, '/v1/Task/Kill', reference);
  await api.call(tenant, '/v1/Task/InputOutputDelete', reference);
  await expect(db.sql`select file_texts from tasks`).resolves.toEqual([{ file_texts: null }]);
});

test("a file's bytes are part of the most that a Run may cost", async ({ api, tenant, db }) => {
  const [name, text] = ['a.txt', 'x'.repeat(10_000)];
  await api.call(tenant, RUN, { prompt: 'Read' });
  await api.call(tenant, RUN, aForm(['prompt', 'Read'], aFile(name, text)));
  const rows = await db.sql<{ tokens: number }[]>`
    select (limits ->> 'promptTokens')::int as tokens from tasks order by id`;
  const [without = 0, together = 0] = rows.map(({ tokens }) => tokens);
  expect(together - without).toBe(Buffer.byteLength(`# ${name}\n\n${text}\n\n---\n\n`));
});

test('a file of this server is named by its id or its URL, and a deleted one changes no task', async ({
  api,
  tenant,
  db,
}) => {
  const upload = async (owner: typeof tenant, name: string, content: string) => {
    const form = aForm(['file', new File([content], name)]);
    const { body } = await api.call(owner, '/v1/File/Upload', form);
    const [file] = body['list'] as { id: string; url: string }[];
    return file ?? { id: '', url: '' };
  };
  const { id, url } = await upload(tenant, 'tides.md', 'High at six.');
  const run = (inputFile: unknown, owner = tenant) =>
    api.call(owner, RUN, { prompt: 'When?', inputFile });
  expect((await run([id, url])).body).toMatchObject({ result: true });

  const other = await api.createTenant();
  const absent = (reference: string) =>
    refusal(`[inputFile] is refused: ${reference} does not exist here.`);
  expect((await run(id, other)).body).toEqual(absent(id));
  // The key in its URL is the authority.
  expect((await run(url, other)).body).toMatchObject({ result: true });

  const keyed = () =>
    api.call(tenant, RUN, { prompt: 'When?', inputFile: id }, { 'idempotency-key': 'k' });
  const first = await keyed();
  await api.call(tenant, '/v1/File/Delete', { id });
  expect((await keyed()).body).toEqual(first.body);
  for (const reference of [id, url, 'f'.repeat(32), `${url}x`]) {
    expect((await run(reference)).body).toEqual(absent(reference));
  }
  const text = { name: 'tides.md', text: 'High at six.' };
  await expect(db.sql`select file_texts as texts from tasks order by id`).resolves.toEqual([
    { texts: [text, text] },
    { texts: [text] },
    { texts: [text] },
  ]);
});

test('files that cannot fit the context are refused with the numbers; nothing is stored', async ({
  api,
  tenant,
  db,
}) => {
  await db.sql`
    insert into workers (id, pools, host, state, generation, slots, renewed_pulse, renewed_at,
      started_at, device, loaded)
    values (gen_random_uuid(), ${[phi35.pool]}, 'h', 'ready', 1, 1, 0, now(), now(), '{}',
      ${db.sql.json({ [phi35.pool]: { bytes: 1, contextTokens: 100 } })})`;
  const send = (words: number) =>
    api.call(tenant, RUN, aForm(['prompt', 'Read'], aFile('a.txt', 'word '.repeat(words))));
  // The heading and the line are words, too.
  expect((await send(96)).body).toEqual(
    refusal(
      'the prompt has 100 words, so at least as many tokens, and the context of the model has 100',
    ),
  );
  await expect(db.sql`select 1 from tasks`).resolves.toEqual([]);
  expect((await send(95)).body).toMatchObject({ result: true });
});

test('files at URLs are fetched, also from JSON; refused ones are named', async ({
  api,
  tenant,
  db,
}) => {
  await using web = await startWebServer((request, response) => {
    if (request.url === '/notes.md') return response.end('# Notes');
    if (request.url === '/moved') return response.writeHead(302, { location: '/notes.md' }).end();
    if (request.url === '/large') return response.end(Buffer.alloc(3_000_000, 'x'));
    return response.writeHead(404).end();
  });
  const networks = new BlockList();
  networks.addSubnet('127.0.0.0', 8);
  const { outbound } = api.ctx;
  api.ctx.outbound = openOutbound({ openNetworks: networks });
  onTestFinished(() => void (api.ctx.outbound = outbound));
  const accepted = [
    { prompt: 'Read', inputFile: `${web.url}/notes.md` },
    { prompt: 'Read', inputFile: [`${web.url}/moved`, ''] },
    aForm(['prompt', 'Read'], ['inputFile', ''], ['inputFileUrl', ` ${web.url}/notes.md , `]),
  ];
  for (const given of accepted) {
    expect((await api.call(tenant, RUN, given)).body).toMatchObject({ result: true });
  }
  const rows = await db.sql`select file_texts as texts from tasks`;
  expect(rows).toEqual(accepted.map(() => ({ texts: [{ name: 'notes.md', text: '# Notes' }] })));

  for (const [url, problem] of [
    [`${web.url}/missing`, 'was answered with 404'],
    [`${web.url}/large`, 'could not be fetched: The answer has more than 2000000 bytes'],
    ['http://10.0.0.1/x', 'could not be fetched: The address is not on the public internet'],
    ['file:///etc/passwd', 'could not be fetched: The address must begin with https:// or http://'],
    ['notes.md', 'could not be fetched: The address is not a URL'],
  ]) {
    const { body } = await api.call(tenant, RUN, { prompt: 'Read', inputFile: url });
    expect(body).toEqual(refusal(`[inputFile] is refused: ${url} ${problem}.`));
  }
});

test('a file that takes too long stalls no other Run', async ({ api, tenant }) => {
  const form = (index: number) =>
    streamOf(
      '/X Do '.repeat(100),
      `/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources <</XObject <</X ${index + 1} 0 R>>>>`,
    );
  const endless = pdfOf([
    '<</Type /Catalog /Pages 2 0 R>>',
    '<</Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 600 800]>>',
    '<</Type /Page /Parent 2 0 R /Contents 4 0 R /Resources <</XObject <</X 5 0 R>>>>>>',
    streamOf('/X Do'),
    ...Array.from({ length: 10 }, (_, index) => form(5 + index)),
    streamOf(drawn(['end']), '/Type /XObject /Subtype /Form /BBox [0 0 1 1]'),
  ]);
  const other = await api.createTenant();
  const pdfs = new PdfReader();
  Object.assign(api.ctx, { pdfs });
  let hasEnded = false;
  const hostile = api.call(tenant, RUN, aForm(['prompt', 'Read'], aFile('endless.pdf', endless)));
  void hostile.then(() => (hasEnded = true));
  const runs = [{ prompt: 'Hello' }, aForm(['prompt', 'Read'], aFile('tides.pdf', PDF))];
  for (const given of runs) {
    expect((await api.call(other, RUN, given)).body).toMatchObject({ result: true });
  }
  expect(hasEnded).toBe(false);
  // The role stops.
  await pdfs[Symbol.asyncDispose]();
  expect((await hostile).status).toBe(503);
});
