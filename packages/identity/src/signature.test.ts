import { describe, expect, test } from 'vitest';

import { isSignatureOf, signatureOf } from './signature.ts';

const PUBLIC = { apiKey: 'test-api-key', apiSecret: 'test-secret', nonce: '1700000000000' };
const DIGEST = '2d99fa1b6934f66a712785d1b402997e1b13d9d7cd5e0085211dac133ae4a8ef';

test.each([
  [PUBLIC, DIGEST],
  [
    { apiKey: 'api', apiSecret: 'secret', nonce: 'nonce-1' },
    'd453af9a65c4ddd1ff17d5b03d3224b906899f3445dc4b4aadb5580260c60586',
  ],
])('the published vector %j has its published signature', (request, digest) => {
  expect(signatureOf(request)).toBe(digest);
  expect(isSignatureOf(digest, request)).toBe(true);
});

describe('a signature is accepted as', () => {
  test.each([
    ['plain hex', DIGEST],
    ['upper-case hex', DIGEST.toUpperCase()],
    ['the output of OpenSSL 3', `SHA2-256(stdin)= ${DIGEST}`],
    ['the output of an older OpenSSL', `(stdin)= ${DIGEST}`],
    ['hex after a bare prefix', `= ${DIGEST}`],
    ['hex with space around it', ` ${DIGEST} `],
  ])('%s', (_, signature) => {
    expect(isSignatureOf(signature, PUBLIC)).toBe(true);
  });
});

describe('a signature is refused that is', () => {
  test.each([
    ['empty', ''],
    ['one digit off', `${DIGEST.slice(0, -1)}0`],
    ['too short', DIGEST.slice(0, -1)],
    ['too long', `${DIGEST}0`],
    ['followed by something', `${DIGEST}=`],
    ['not hex', DIGEST.replace('2', 'g')],
    ['all zero', '0'.repeat(64)],
  ])('%s', (_, signature) => {
    expect(isSignatureOf(signature, PUBLIC)).toBe(false);
  });
});

test('a nonce beyond ASCII is checked by the bytes that the client signed', () => {
  const signature = signatureOf({ ...PUBLIC, nonce: 'nönce' });
  const asHeader = Buffer.from('nönce').toString('latin1');
  expect(isSignatureOf(signature, { ...PUBLIC, nonce: asHeader })).toBe(true);
});
