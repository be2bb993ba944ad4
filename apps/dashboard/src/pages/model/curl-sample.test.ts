import { execFileSync } from 'node:child_process';

import { expect, test } from 'vitest';

import { curlSample, shellQuoted } from './curl-sample.ts';

const given = {
  apiUrl: 'http://127.0.0.1:3100/v1',
  owner: 'microsoft',
  name: 'Phi-3.5-mini-instruct',
  keyHint: 'k9Qz',
  isSigned: true,
  parameters: { prompt: `It's "quoted"\n$HOME \`id\`` },
};

test('a shell reads a quoted body back unchanged', () => {
  const body = JSON.stringify(given.parameters);
  const read = execFileSync('/bin/sh', ['-c', `printf %s ${shellQuoted(body)}`], {
    encoding: 'utf8',
  });
  expect(read).toBe(body);
});

test('the samples have this server, this model and only a hint of the key', () => {
  const text = curlSample(given)
    .map((sample) => sample.code)
    .join('\n');
  expect(text).toContain('"http://127.0.0.1:3100/v1/Run/microsoft/Phi-3.5-mini-instruct"');
  expect(text).toContain('YOUR_API_KEY="••••••••k9Qz"');
  expect(text).toContain('x-signature: ${SIGNATURE}');
});

test('a project without signatures needs only its key', () => {
  const text = curlSample({ ...given, isSigned: false })
    .map((sample) => sample.code)
    .join('\n');
  expect(text).toContain('x-api-key: ${YOUR_API_KEY}');
  expect(text).not.toMatch(/nonce|signature|SECRET/);
});
