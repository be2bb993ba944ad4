import { expect, test } from 'vitest';

import { table } from './table.ts';

test('columns are as wide as their widest cell, and control characters reach no terminal', () => {
  expect(
    table([
      ['A', 'NAME'],
      ['long', 'x\u001b[31m\ny'],
    ]),
  ).toBe('A     NAME\nlong  x\ufffd[31m\ufffdy\n');
});
