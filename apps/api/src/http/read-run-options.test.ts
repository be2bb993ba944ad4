import { expect, test } from 'vitest';

import { readRunOptions } from './read-run-options.ts';

test('a Run without headers has default options', () => {
  expect(readRunOptions(new Headers())).toEqual({
    idempotencyKey: null,
    fairnessKey: '',
    priority: 0,
    startTimeoutSeconds: null,
    requires: [],
    affinity: null,
  });
});

test('every header is read, and an empty one counts as left out', () => {
  const headers = new Headers({
    'Idempotency-Key': '~!order/7',
    'x-runfleet-fairness-key': 'user@example.org',
    'x-runfleet-priority': '600',
    'x-runfleet-start-timeout': '30',
    'x-runfleet-requires': 'zone=a, gpu=H100',
    'x-runfleet-session': 'chat:7',
    'x-runfleet-unknown': 'is ignored',
  });
  expect(readRunOptions(headers)).toEqual({
    idempotencyKey: '~!order/7',
    fairnessKey: 'user@example.org',
    priority: 600,
    startTimeoutSeconds: 30,
    requires: ['gpu=H100', 'zone=a'],
    affinity: 'chat:7',
  });
  const empty = ['fairness-key', 'priority', 'start-timeout', 'requires', 'session'];
  const names = empty.map((name): [string, string] => [`x-runfleet-${name}`, '']);
  expect(readRunOptions(new Headers(names))).toEqual(readRunOptions(new Headers()));
});

test.each([
  ['Idempotency-Key', '', 'must be 1 to 255 visible ASCII characters'],
  ['Idempotency-Key', 'x'.repeat(256), 'must be 1 to 255 visible ASCII characters'],
  ['Idempotency-Key', 'two words', 'must be 1 to 255 visible ASCII characters'],
  ['Idempotency-Key', 'clé', 'must be 1 to 255 visible ASCII characters'],
  ['x-runfleet-fairness-key', 'x'.repeat(129), 'must be 1 to 128 visible ASCII characters'],
  ['x-runfleet-session', 'a b', 'must be 1 to 128 visible ASCII characters'],
  ['x-runfleet-priority', '601', 'must be whole seconds from 0 to 600'],
  ['x-runfleet-priority', '-1', 'must be whole seconds from 0 to 600'],
  ['x-runfleet-priority', '1.5', 'must be whole seconds from 0 to 600'],
  ['x-runfleet-priority', 'high', 'must be whole seconds from 0 to 600'],
  ['x-runfleet-start-timeout', '0', 'must be whole seconds from 1 to 86400'],
  ['x-runfleet-start-timeout', '86401', 'must be whole seconds from 1 to 86400'],
  ['x-runfleet-requires', 'H100', '"H100" must be name=value'],
])('%s: %j is refused by name', (header, value, problem) => {
  expect(() => readRunOptions(new Headers([[header, value]]))).toThrow(
    `Request header [${header}] ${problem}`,
  );
});
