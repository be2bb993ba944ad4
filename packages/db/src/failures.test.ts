import { expect, test } from 'vitest';

import { isConflict, isOutcomeUnknown, isPassing, isTaken, isUnavailable } from './failures.ts';

type Meaning = 'unavailable' | 'passing' | 'outcome unknown' | 'conflict';

test.each<[string, Error, readonly Meaning[]]>([
  [
    'a connection that was lost',
    driver('CONNECTION_CLOSED'),
    ['unavailable', 'passing', 'outcome unknown'],
  ],
  [
    'a connection that was never made',
    system('ECONNREFUSED', 'connect'),
    ['unavailable', 'passing', 'outcome unknown'],
  ],
  [
    'a connection that timed out',
    driver('CONNECT_TIMEOUT'),
    ['unavailable', 'passing', 'outcome unknown'],
  ],
  ['a broken pipe', system('EPIPE', 'write'), ['unavailable', 'passing', 'outcome unknown']],
  [
    'a socket that is missing',
    system('ENOENT', 'connect'),
    ['unavailable', 'passing', 'outcome unknown'],
  ],
  [
    'a name that does not resolve',
    system('ENOTFOUND', 'getaddrinfo'),
    ['unavailable', 'passing', 'outcome unknown'],
  ],
  ['connection failure', postgres('08006'), ['unavailable', 'passing', 'outcome unknown']],
  ['admin shutdown', postgres('57P01'), ['unavailable', 'passing', 'outcome unknown']],
  ['the server starts', postgres('57P03'), ['unavailable', 'passing', 'outcome unknown']],
  ['too many connections', postgres('53300'), ['unavailable', 'passing']],
  ['disk full', postgres('53100'), ['unavailable', 'passing']],
  ['a read-only server', postgres('25006'), ['unavailable', 'passing']],
  ['an I/O error', postgres('58030'), ['unavailable', 'passing']],
  ['a wrong password', postgres('28P01'), ['unavailable']],
  ['no such database', postgres('3D000'), ['unavailable']],
  ['no such table', postgres('42P01'), ['unavailable']],
  ['deadlock detected', postgres('40P01'), ['conflict']],
  ['serialization failure', postgres('40001'), ['conflict']],
  ['unique violation', postgres('23505'), []],
  ['check violation', postgres('23514'), []],
  ['a lock timeout', postgres('55P03'), []],
  ['a cancelled statement', postgres('57014'), []],
  ['a value that is undefined', driver('UNDEFINED_VALUE'), []],
  ['too many parameters', driver('MAX_PARAMETERS_EXCEEDED'), []],
  ['an error without a code', new Error('A mistake of ours.'), []],
  [
    'an error around a lost connection',
    wrap(driver('CONNECTION_CLOSED')),
    ['unavailable', 'passing', 'outcome unknown'],
  ],
  ['an error around a wrong password', wrap(postgres('28P01')), ['unavailable']],
  ['an error around a deadlock', wrap(postgres('40P01')), ['conflict']],
])('%s', (_name, error, meanings) => {
  expect(judge(error)).toEqual(meanings);
});

test('a missing file does not mean that Postgres is unavailable', () => {
  expect(isUnavailable(system('ENOENT', 'open'))).toBe(false);
});

test('an SQLSTATE counts only in an error of Postgres', () => {
  expect(isUnavailable(driver('53300'))).toBe(false);
});

test('a value that is not an error has no meaning', () => {
  for (const value of [undefined, null, 'CONNECTION_CLOSED', { code: '40001' }]) {
    expect(judge(value)).toEqual([]);
  }
});

test('a unique value is taken only under the constraint that was asked about', () => {
  const error = Object.assign(postgres('23505'), { constraint_name: 'users_email_unique' });
  expect(isTaken(error, 'users_email_unique')).toBe(true);
  expect(isTaken(wrap(error), 'users_email_unique')).toBe(true);
  expect(isTaken(error, 'projects_key_hash_unique')).toBe(false);
});

function judge(error: unknown): Meaning[] {
  const meanings: [Meaning, boolean][] = [
    ['unavailable', isUnavailable(error)],
    ['passing', isPassing(error)],
    ['outcome unknown', isOutcomeUnknown(error)],
    ['conflict', isConflict(error)],
  ];
  return meanings.filter(([, isMeant]) => isMeant).map(([meaning]) => meaning);
}

function postgres(code: string): Error {
  return Object.assign(new Error(`SQLSTATE ${code}`), { name: 'PostgresError', code });
}

function driver(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function system(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}

function wrap(cause: Error): Error {
  return new Error('A verb failed.', { cause });
}
