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

test('a fault that repeats is written once, and then how often it came', async () => {
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

test('different faults, what is no fault, and children of a logger are told apart', () => {
  const { logger, lines } = capture();
  logger.error({ err: away() }, 'request failed');
  logger.error({ err: new Error('wires crossed') }, 'request failed');
  logger.error({ err: away() }, 'another call failed');
  logger.warn({ err: away() }, 'request failed');
  for (let i = 0; i < 3; i++) logger.info({ err: away() }, 'request failed');
  for (let i = 0; i < 3; i++) logger.warn({ check: 'postgres' }, 'check does not hold');
  expect(lines).toHaveLength(10);
  logger.child({ pool: 'phi' }).error({ err: away() }, 'request failed');
  expect(lines).toHaveLength(10);
});

test('faults without number are each written, and remembered within a bound', () => {
  const { logger, lines } = capture();
  for (let i = 0; i < 1000; i++) logger.error({ err: new Error(`fault ${i}`) }, 'request failed');
  expect(lines).toHaveLength(1000);
});
