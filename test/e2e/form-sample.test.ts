import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

import { signatureOf } from '@runfleet/identity';
import { writeFormRun } from '@runfleet/samples';
import { missingPrograms } from '@runfleet/testing';
import { expect, onTestFinished, test } from 'vitest';

const missing = missingPrograms('bash', 'curl', 'openssl');
const without = missing.length === 0 ? '' : ` (skipped: needs ${missing.join(', ')})`;
const PARAMETERS = { prompt: `@it's <a> "b"\n; $HOME \\`, session_id: '' };
const NAMES = ['plain.md', `it's "q"; a,b \\ $x.txt`];

test.skipIf(missing.length > 0)(
  `the sample of a form sends values and files unchanged${without}`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'form-sample-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const name of NAMES) await writeFile(join(folder, name), `content of ${name}`);

    let receive: (call: { headers: IncomingHttpHeaders; body: Buffer }) => void = () => {};
    const received = new Promise<{ headers: IncomingHttpHeaders; body: Buffer }>((resolve) => {
      receive = resolve;
    });
    const server = createServer((request, response) => {
      void buffer(request).then((body) => {
        receive({ headers: request.headers, body });
        response.end('{}');
      });
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const code = writeFormRun(
      {
        apiUrl: `http://127.0.0.1:${port}/v1`,
        model: 'a/b',
        parameters: PARAMETERS,
        isSigned: true,
      },
      { inputFile: NAMES },
    );
    const env = { ...process.env, YOUR_API_KEY: 'key', YOUR_API_SECRET: 'secret' };
    await promisify(execFile)('bash', ['-c', code], { cwd: folder, env });

    const { headers, body } = await received;
    const nonce = String(headers['x-nonce']);
    expect(headers['x-signature']).toBe(signatureOf({ apiKey: 'key', apiSecret: 'secret', nonce }));
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': headers['content-type'] ?? '' },
    }).formData();
    expect({ prompt: form.get('prompt'), session_id: form.get('session_id') }).toEqual(PARAMETERS);
    const files = form
      .getAll('inputFile')
      .flatMap((value) => (value instanceof File ? [value] : []));
    const contents = await Promise.all(files.map((file) => file.text()));
    expect(contents).toEqual(NAMES.map((name) => `content of ${name}`));
  },
);
