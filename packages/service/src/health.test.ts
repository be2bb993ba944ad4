import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createHealth } from './health.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';

const metrics = createMetrics({ role: 'api' });
const fine = () => Promise.resolve();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a process that answers is alive, even if its checks fail', async () => {
  const health = createHealth({ metrics, checks: { postgres: () => Promise.reject(new Error()) } });

  expect(await health.respond('/healthz')).toMatchObject({ status: 200 });
});

test('a process is ready while every check holds', async () => {
  const health = createHealth({ metrics, checks: { postgres: fine, redis: fine } });

  expect(await health.respond('/readyz')).toEqual({
    status: 200,
    contentType: 'application/json',
    body: '{"status":"ok","checks":{"postgres":"ok","redis":"ok"}}\n',
  });
});

test('a failing check is named, without its reason', async () => {
  const failing = () => {
    throw new Error('connect ECONNREFUSED 10.0.0.7:5432');
  };
  const health = createHealth({ metrics, checks: { postgres: failing, redis: fine } });

  expect(await health.respond('/readyz')).toMatchObject({
    status: 503,
    body: '{"status":"unavailable","checks":{"postgres":"failing","redis":"ok"}}\n',
  });
});

test('a hanging check fails after 2 s, and is not started again while it hangs', async () => {
  const hang = vi.fn<() => Promise<void>>(() => new Promise<void>(() => {}));
  const health = createHealth({ metrics, checks: { postgres: hang } });

  const answers = Promise.all([health.respond('/readyz'), health.respond('/readyz')]);
  await vi.advanceTimersByTimeAsync(2_000);
  for (const answer of await answers) expect(answer).toMatchObject({ status: 503 });
  const later = health.respond('/readyz');
  await vi.advanceTimersByTimeAsync(2_000);

  expect((await later)?.body).toContain('"postgres":"timed out"');
  expect(hang).toHaveBeenCalledOnce();
});

test('the reason is logged when a check changes its state, not at every request', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ role: 'api', level: 'info', destination });
  let isBroken = true;
  const check = () => (isBroken ? Promise.reject(new Error('disk full')) : Promise.resolve());
  const health = createHealth({ metrics, logger, checks: { storage: check } });

  await health.respond('/readyz');
  await health.respond('/readyz');
  isBroken = false;
  await health.respond('/readyz');
  await health.respond('/readyz');

  expect(lines).toEqual([
    expect.stringContaining('disk full'),
    expect.stringContaining('check passes again'),
  ]);
});

test('metrics are served with health, and other paths are left to the caller', async () => {
  const health = createHealth({ metrics, checks: {} });

  expect((await health.respond('/metrics'))?.body).toContain('process_cpu');
  expect(await health.respond('/v1/Run')).toBeNull();
});
