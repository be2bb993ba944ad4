import { expect, test } from 'vitest';

import { renderChat } from '../../testing/chat.ts';

test('a conversation is written as the published template writes it', () => {
  expect(
    renderChat([
      { role: 'system', content: 'You are brief.' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'And then?' },
    ]),
  ).toBe(
    '<|system|>\nYou are brief.<|end|>\n<|user|>\nHi<|end|>\n' +
      '<|assistant|>\nHello.<|end|>\n<|user|>\nAnd then?<|end|>\n<|assistant|>\n',
  );
});

test('an empty system message is left out', () => {
  const user = { role: 'user', content: 'Hi' } as const;
  expect(renderChat([{ role: 'system', content: '' }, user])).toBe(renderChat([user]));
});
