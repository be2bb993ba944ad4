import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { catchBugs } from './catch-bugs.ts';
import { LAWS } from './laws/laws.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { missingCounts, writeBroken } from './report.ts';
import { runLives } from './run-lives.ts';
import { simulate } from './simulate.ts';

const LIVES = 500;

test(`in ${LIVES} lives under faults no law is broken, and every expected event happens`, async () => {
  const { broken, counts } = await runLives({ from: 1, seeds: LIVES });
  expect(broken && writeBroken(broken)).toBeNull();
  expect(missingCounts(counts)).toEqual([]);
}, 120_000);

test('each planted bug is noticed', async () => {
  const missed = (await catchBugs()).filter(({ caught }) => caught === null);
  expect(missed).toEqual([]);
}, 120_000);

test('the same seed gives the same life', async () => {
  const traces = await Promise.all(
    [7, 7].map(async (seed) => {
      const lines: string[] = [];
      await simulate({ seed, trace: (line) => lines.push(line) });
      return lines;
    }),
  );
  expect(traces[0]).toEqual(traces[1]);
});

test('the page names every law and every planted bug', async () => {
  const page = await readFile(new URL('../../docs/simulation.md', import.meta.url), 'utf8');
  const named = [...Object.entries(LAWS).flat(), ...PLANTED_BUGS];
  expect(named.filter((name) => !page.includes(name))).toEqual([]);
});
