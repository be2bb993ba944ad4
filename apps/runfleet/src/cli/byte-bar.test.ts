import { PassThrough } from 'node:stream';

import { expect, test } from 'vitest';

import { ByteBar } from './byte-bar.ts';

function stream(isTTY: boolean): { written: () => string; stream: NodeJS.WriteStream } {
  const passed = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  // The bar uses `write` and the two fields above, and nothing else of a terminal.
  return {
    written: () => String(passed.read() ?? ''),
    stream: passed as unknown as NodeJS.WriteStream,
  };
}

test('on a terminal the bar stays within its line', () => {
  const { written, stream: terminal } = stream(true);
  using bar = new ByteBar('model', 1_000, terminal);
  bar.show(500, 50, 'a file with a name that is much longer than what fits');

  const line = written().replace('\r\u001b[2K', '');
  expect(line).toMatch(/^█{12}░{12} 50 % {2}500 B of 1\.0 kB {2}50 B\/s {2}10 s left/);
  expect(line.length).toBeLessThan(80);
});

test('without a terminal it writes a line for every tenth once, and for the end', () => {
  const { written, stream: log } = stream(false);
  using bar = new ByteBar('model', 10, log);
  bar.show(0, 0, 'x');
  for (const bytes of [10, 10]) bar.show(bytes, 0, 'x');

  expect(
    written()
      .trim()
      .split('\n')
      .map((line) => line.split('  ')[0]),
  ).toEqual(['… model: 0 %', '… model: 100 %']);
});
