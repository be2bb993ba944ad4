import { expect, test } from 'vitest';

import { ok, problem } from './check.ts';
import { renderJson, renderReport } from './render-report.ts';
import { runChecks } from './run-checks.ts';
import { someSettings } from './testing.ts';

const ctx = { settings: someSettings(), now: () => 0 };

test('a check that hangs is aborted and is a problem, and the others are reported', async () => {
  let wasStopped = false;
  const reports = await runChecks(
    {
      hangs: ({ signal }) =>
        new Promise(() => signal.addEventListener('abort', () => (wasStopped = true))),
      fine: () => Promise.resolve(ok('fine')),
      breaks: () => Promise.reject(new Error('boom')),
    },
    ctx,
    20,
  );
  expect(reports.map(({ name, status }) => [name, status])).toEqual([
    ['hangs', 'problem'],
    ['fine', 'ok'],
    ['breaks', 'problem'],
  ]);
  expect(wasStopped).toBe(true);
  expect(reports[2]?.found).toBe('boom');
});

test('the report for people has a line for each check and one for each next step', () => {
  const reports = [
    { name: 'one', ...ok('is fine') },
    { name: 'second', ...problem('is broken', 'Repair it.') },
  ];
  expect(renderReport(reports)).toBe(
    '✓ one     is fine\n✗ second  is broken\n          → Repair it.\n\n1 problem; 1 fine, 0 skipped.\n',
  );
});

test('the report for programs has the same fields for every check', () => {
  const reports = [
    { name: 'one', ...ok('is fine') },
    { name: 'two', ...problem('is broken', 'Repair it.') },
  ];
  expect(JSON.parse(renderJson('environment', reports))).toEqual({
    ok: false,
    source: 'environment',
    checks: [
      { name: 'one', status: 'ok', found: 'is fine', next: null },
      { name: 'two', status: 'problem', found: 'is broken', next: 'Repair it.' },
    ],
  });
});
