import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createLogger } from './logger.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function capture() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { logger: createLogger({ role: 'api', level: 'info', destination }), lines };
}

const away = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

test('a repeated fault is written once, then with a count', async () => {
  const { logger, lines } = capture();
  for (let i = 0; i < 357; i++) logger.error({ err: away(), requestId: i }, 'request failed');
  expect(lines).toMatchObject([{ msg: 'request failed', requestId: 0 }]);

  await vi.advanceTimersByTimeAsync(30_000);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatchObject({ msg: 'request failed', level: 'error', repeated: 356 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lines).toHaveLength(2);
  logger.error(away());
  logger.error({ err: away() }, 'request failed');
  expect(lines).toHaveLength(4);
});

test('different faults, lines without a fault, and child loggers are distinguished', () => {
  const { logger, lines } = capture();
  logger.error({ err: away() }, 'request failed');
  logger.error({ err: new Error('wires crossed') }, 'request failed');
  logger.error({ err: away() }, 'another call failed');
  logger.warn({ err: away() }, 'request failed');
  for (let i = 0; i < 3; i++) logger.info({ err: away() }, 'request failed');
  for (let i = 0; i < 3; i++) logger.warn({ check: 'postgres' }, 'check failed');
  expect(lines).toHaveLength(10);
  logger.child({ pool: 'phi' }).error({ err: away() }, 'request failed');
  expect(lines).toHaveLength(10);
});

test('many different faults are all written, and the memory for them is bounded', () => {
  const { logger, lines } = capture();
  for (let i = 0; i < 1000; i++) logger.error({ err: new Error(`fault ${i}`) }, 'request failed');
  expect(lines).toHaveLength(1000);
});
