import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SAMPLE_LANGUAGE_KEYS, SAMPLE_LANGUAGES } from './sample-languages.ts';
import { hostileText } from './testing.ts';

const CALL = {
  apiUrl: 'http://127.0.0.1:3100/v1',
  model: 'microsoft/Phi-3.5-mini-instruct',
  parameters: { prompt: 'PLAIN VALUE', max_tokens: '20' },
  isSigned: true,
  waitSeconds: 600,
};
const LANGUAGES = SAMPLE_LANGUAGE_KEYS.map((key) => [key, SAMPLE_LANGUAGES[key]] as const);

test.each(LANGUAGES)('%s: a value changes nothing but its own literal', (_, { write }) => {
  const plain = write(CALL).split('\n');
  const at = plain.findIndex((line) => line.includes('PLAIN VALUE'));
  fc.assert(
    fc.property(hostileText, (prompt) => {
      const lines = write({ ...CALL, parameters: { ...CALL.parameters, prompt } }).split('\n');
      expect(lines.toSpliced(at, 1)).toEqual(plain.toSpliced(at, 1));
    }),
  );
});

test.each(LANGUAGES)('%s: a program runs, follows and can kill its task', (_, { write }) => {
  const code = write(CALL);
  for (const part of [
    CALL.apiUrl,
    `Run/${CALL.model}`,
    'Task/Detail',
    'Task/Kill',
    'task_postprocess_end',
    'task_cancel',
    'max_tokens',
    'YOUR_API_KEY',
    'YOUR_API_SECRET',
    'x-signature',
  ]) {
    expect(code).toContain(part);
  }
  expect(code).not.toMatch(/signed\||keyed\||\0|undefined|NaN/);
});

test.each(LANGUAGES)('%s: a project that does not sign needs only its key', (_, { write }) => {
  const code = write({ ...CALL, isSigned: false });
  expect(code).toContain('YOUR_API_KEY');
  expect(code).not.toMatch(/nonce|signature|secret|hmac|sha256|crypto|openssl|signed\||keyed\|/i);
});

test.each(LANGUAGES)('%s: a model without parameters is sent an empty object', (_, { write }) => {
  const code = write({ ...CALL, parameters: {} });
  expect(code).not.toContain('max_tokens');
});
