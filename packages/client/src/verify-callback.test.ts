import { randomBytes } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';

import { CallbackVerificationError, verifyCallback } from './verify-callback.ts';

const secretOf = () => `whsec_${randomBytes(32).toString('base64')}`;
const SECRET = secretOf();
const BODY = '{"total":"1","grüße":"💌"}';
const ID = '0d2f5c7e-1111-4222-8333-444455556666';
const NOW = 1_767_225_600_000;

function signed(at = NOW, secret = SECRET): Record<string, string> {
  return {
    'webhook-id': ID,
    'webhook-timestamp': String(at / 1_000),
    'webhook-signature': new Webhook(secret).sign(ID, new Date(at), BODY),
  };
}

const verify = (headers: Headers | Record<string, string>, body = BODY, secret = SECRET) =>
  verifyCallback({ headers, body }, { secret, now: () => NOW });

test('a callback that Standard Webhooks signed is accepted, with either kind of headers', async () => {
  expect(await verify(signed())).toEqual(JSON.parse(BODY));
  expect(await verify(new Headers(signed()))).toEqual(JSON.parse(BODY));
});

test('during a rotation, one of two signatures is enough', async () => {
  const old = secretOf();
  const headers = signed();
  const other = signed(NOW, old)['webhook-signature'] ?? '';
  headers['webhook-signature'] = `v1a,x v1,%% ${other} ${headers['webhook-signature']}`;
  expect(await verify(headers)).toEqual(JSON.parse(BODY));
  expect(await verify(headers, BODY, old)).toEqual(JSON.parse(BODY));
});

test.for([
  ['another body', signed(), `${BODY} `],
  ['another id', { ...signed(), 'webhook-id': 'x' }, BODY],
  ['another time', { ...signed(), 'webhook-timestamp': String(NOW / 1_000 + 1) }, BODY],
  ['another secret', signed(NOW, secretOf()), BODY],
  ['no signature', { ...signed(), 'webhook-signature': '' }, BODY],
  ['a signature without its version', { ...signed(), 'webhook-signature': 'abc' }, BODY],
  ['no time', { ...signed(), 'webhook-timestamp': 'now' }, BODY],
  ['an old message', signed(NOW - 301_000), BODY],
  ['a message from the future', signed(NOW + 301_000), BODY],
] as const)('%s is refused', async ([, headers, body]) => {
  await expect(verify(headers, body)).rejects.toThrow(CallbackVerificationError);
});

test('a secret that is none is a mistake of the program', async () => {
  await expect(verify(signed(), BODY, 'secret')).rejects.toThrow(TypeError);
});
