import type { ChatMessage } from '@runfleet/catalog';
import type { StoredHistory } from '@runfleet/tasks';
import { expect, test } from 'vitest';

import { fitHistory } from './fit-history.ts';

const turn = (number: number, changes: object = {}): StoredHistory['turns'][number] => ({
  id: `${number}`,
  number,
  bytes: 10,
  parameters: { prompt: `ask ${number}` },
  fileTexts: null,
  answer: `say ${number}`,
  calls: null,
  ...changes,
});
const history = (
  from: number,
  to: number,
  changes: Partial<StoredHistory> = {},
): StoredHistory => ({
  system: null,
  turns: Array.from({ length: to - from + 1 }, (_, index) => turn(from + index)),
  dropped: from - 1,
  ...changes,
});
const OWN: ChatMessage[] = [{ role: 'user', content: 'now' }];
/** Room for so many messages of history. */
const room = (count: number) => async (messages: readonly ChatMessage[], share: number) =>
  messages.length - OWN.length <= count * share;
const textsOf = (messages: readonly ChatMessage[]) =>
  messages.map(({ role, content }) => `${role}: ${content}`);

test('a history that fits is read whole, before the own messages', async () => {
  const fitted = await fitHistory(
    history(1, 2),
    { number: 3, own: OWN, hasToolOutputs: false },
    room(4),
  );
  expect(textsOf(fitted.messages)).toEqual([
    'user: ask 1',
    'assistant: say 1',
    'user: ask 2',
    'assistant: say 2',
    'user: now',
  ]);
  expect(fitted).toMatchObject({ turns: 2, dropped: 0 });
});

test('a history that is too long loses its oldest turns, down to half of the room', async () => {
  const fitted = await fitHistory(
    history(1, 9),
    { number: 10, own: OWN, hasToolOutputs: false },
    room(16),
  );
  expect(fitted).toMatchObject({ turns: 4, dropped: 5 });
  expect(textsOf(fitted.messages)[0]).toBe('user: ask 6');
});

test('turn after turn the prompt begins with the same text, but for one step in several', async () => {
  let dropped = 0;
  const firsts = [];
  for (let number = 2; number <= 60; number += 1) {
    const fitted = await fitHistory(
      history(dropped + 1, number - 1),
      { number, own: OWN, hasToolOutputs: false },
      room(20),
    );
    dropped = fitted.dropped;
    expect(fitted.turns + dropped).toBe(number - 1);
    expect(fitted.turns).toBeLessThanOrEqual(10);
    firsts.push(fitted.messages[0]?.content);
  }
  expect(new Set(firsts).size).toBeLessThanOrEqual(1 + 60 / 5);
});

test('nothing fits: the turn is asked alone', async () => {
  const fitted = await fitHistory(
    history(3, 4),
    { number: 5, own: OWN, hasToolOutputs: false },
    async () => false,
  );
  expect(fitted).toMatchObject({ messages: OWN, turns: 0, dropped: 4 });
});

test('too many turns, messages or bytes are too long, too', async () => {
  const many = await fitHistory(
    history(1, 100),
    { number: 101, own: OWN, hasToolOutputs: false },
    async () => true,
  );
  expect(many).toMatchObject({ turns: 49, dropped: 51 });
  const long = history(1, 4, { turns: [1, 2, 3, 4].map((n) => turn(n, { bytes: 300_000 })) });
  const fitted = await fitHistory(
    long,
    { number: 5, own: OWN, hasToolOutputs: false },
    async () => true,
  );
  expect(fitted).toMatchObject({ turns: 1, dropped: 3 });
  const messages = Array.from({ length: 99 }, () => ({ role: 'user', content: 'x' }));
  const wordy = history(1, 3, {
    turns: [1, 2, 3].map((n) => turn(n, { parameters: { messages } })),
  });
  const few = await fitHistory(
    wordy,
    { number: 4, own: OWN, hasToolOutputs: false },
    async () => true,
  );
  expect(few).toMatchObject({ turns: 1, dropped: 2 });
});

test('the newest system prompt stands first, whichever turn gave it', async () => {
  const system = turn(1, { parameters: { prompt: 'ask 1', system_prompt: 'be brief' } });
  const read = history(2, 2, { system });
  const fitted = await fitHistory(read, { number: 3, own: OWN, hasToolOutputs: false }, room(9));
  expect(textsOf(fitted.messages)).toEqual([
    'system: be brief',
    'user: ask 2',
    'assistant: say 2',
    'user: now',
  ]);
  const own: ChatMessage[] = [{ role: 'system', content: 'rhyme' }, ...OWN];
  const changed = await fitHistory(read, { number: 3, own, hasToolOutputs: false }, room(9));
  expect(textsOf(changed.messages)[0]).toBe('system: rhyme');
  expect(changed.messages).toHaveLength(4);
});

test('an earlier answer is read without its thinking', async () => {
  const turns = [turn(1, { answer: '<think>hm</think>\nYes.' })];
  const fitted = await fitHistory(
    { ...history(1, 1), turns },
    { number: 2, own: OWN, hasToolOutputs: false },
    room(9),
  );
  expect(textsOf(fitted.messages)[1]).toBe('assistant: Yes.');
});

test('a history never begins between calls of tools and their outputs', async () => {
  const toolOutputs = [{ call_id: 'c', output: 'o' }];
  const parameters = { toolOutputs, previousTaskToken: 't' };
  const answers = (number: number) => turn(number, { parameters });
  const turns = [turn(1), answers(2), turn(3), answers(4), answers(5), answers(6)];
  const stored = { system: null, turns, dropped: 0 };
  const fit = (hasToolOutputs: boolean, count: number) =>
    fitHistory(stored, { number: 7, own: OWN, hasToolOutputs }, room(count));
  expect(await fit(false, 12)).toMatchObject({ turns: 6, dropped: 0 });
  expect(await fit(false, 11)).toMatchObject({ turns: 0, dropped: 6 });
  // The calls that the turn answers are read, however long they are.
  expect(await fit(true, 11)).toMatchObject({ turns: 4, dropped: 2 });
});
