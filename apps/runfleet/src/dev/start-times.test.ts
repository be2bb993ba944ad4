import { expect, test } from 'vitest';

import { describeStart, readStartTimes } from './start-times.ts';

const TOOK: Record<string, number> = { Postgres: 2_000, Redis: 300, Schema: 400, Roles: 900 };
const stepMs = (label: string) => TOOK[label] ?? null;

test('the summary of a start lists where the time went, from the first script on', () => {
  const env = { RUNFLEET_BEGAN_AT_MS: '1000', RUNFLEET_PACKAGES_MS: '5000' };
  const times = readStartTimes(env, { timeOrigin: 6_000, sinceMs: 700 });
  expect(describeStart(times, stepMs, 11_500)).toBe(
    'Ready in 10.5 s: packages 5.0, code 0.7, servers 2.0, schema 0.4, roles 0.9 (servers, model and dashboard in parallel)',
  );
});

test('a start without that script counts from its own process and lists no packages', () => {
  const times = readStartTimes({}, { timeOrigin: 6_000, sinceMs: 700 });
  expect(describeStart(times, stepMs, 10_000)).toMatch(/^Ready in 4\.0 s: code 0\.7,/);
});
