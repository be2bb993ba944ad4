import { expect, test } from 'vitest';

import { readConversation } from './read-conversation.ts';

const TOKEN = 'A'.repeat(30);

test.for([
  ['no session', {}, null],
  ['empty names', { session_id: '', user_id: '', previousTaskToken: '' }, null],
  ['a user alone', { user_id: 'ann' }, null],
  ['a session', { session_id: 's' }, ['s', '', null]],
  ['a blank that is a text', { session_id: ' ' }, [' ', '', null]],
  ['256 bytes', { session_id: 'ü'.repeat(128) }, ['ü'.repeat(128), '', null]],
  ['all', { session_id: 's', user_id: 'ann', previousTaskToken: TOKEN }, ['s', 'ann', TOKEN]],
] as const)('%s', ([, body, expected]) => {
  const name = readConversation(body);
  const read = name && [name.sessionId, name.userId, name.previousTaskToken];
  expect(read).toEqual(expected);
});

test.for([
  [{ session_id: 7 }, '[session_id] must be a string'],
  [{ session_id: ['s'] }, '[session_id] must be a string'],
  [{ session_id: 's'.repeat(257) }, '[session_id] must be a string of at most 256 bytes'],
  [{ session_id: 'ü'.repeat(129) }, '[session_id] must be a string of at most 256 bytes'],
  [{ user_id: {} }, '[user_id] must be a string'],
  [{ session_id: 's', previousTaskToken: 'x' }, '[previousTaskToken] must be the socketaccess'],
  [{ previousTaskToken: TOKEN }, '[session_id] required with [previousTaskToken]'],
] as const)('%o is refused by name', ([body, message]) => {
  expect(() => readConversation(body)).toThrow(message);
});
