import { expect, test } from 'vitest';

import { requestHash } from './request-hash.ts';

const hashOf = (json: string, modelId = '598') =>
  requestHash(modelId, JSON.parse(json) as Record<string, unknown>).toString('hex');

test('the order of keys does not change the hash, at any depth', () => {
  expect(hashOf('{"a":1,"b":{"c":[{"d":1,"e":2}],"f":null}}')).toBe(
    hashOf('{"b":{"f":null,"c":[{"e":2,"d":1}]},"a":1}'),
  );
});

test('every other difference changes the hash', () => {
  const others = [
    '{"a":1}',
    '{"a":"1"}',
    '{"a":[1]}',
    '{"a":{"b":1}}',
    '{"a":{"object":[["b",1]]}}',
    '{"a":[["b",1]]}',
    '{"a":1,"b":""}',
    '{"a":null}',
    '{"a":1,"__proto__":1}',
    '{}',
  ].map((json) => hashOf(json));
  expect(new Set([...others, hashOf('{"a":1}', '599')]).size).toBe(others.length + 1);
});

test('the hash has 32 bytes and is the same in every process', () => {
  expect(hashOf('{"prompt":"Hello"}')).toBe(
    '6652d95a68ead92b0a0eaed662f960ec306320563b1a1990e4af1fd93523e3c2',
  );
});
