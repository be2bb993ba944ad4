import type { Counts } from './counts.ts';
import { EXPECTED_COUNTS } from './expected-counts.ts';
import { LAWS } from './laws/laws.ts';
import type { Lives } from './run-lives.ts';
import type { Life } from './simulate.ts';

/** The broken law, its task, and how to reproduce it. */
export function writeBroken({ seed, steps, seconds, broken, log }: Life): string {
  if (!broken) return '';
  const { law, detail, taskId } = broken;
  return [
    `Seed ${seed} broke a law at step ${steps}, ${seconds.toFixed(3)} s into its life.`,
    `  law     ${law}: ${LAWS[law]}`,
    `  what    ${detail}`,
    ...(taskId === null ? [] : [`  task ${taskId}:`, ...log.slice(-LOG_LINES_MAX)]),
    `To trace it: pnpm sim --seed ${seed} --trace`,
    '',
  ].join('\n');
}

const LOG_LINES_MAX = 30;

/** The expected counts that are 0. */
export function missingCounts(counts: Counts): string[] {
  return EXPECTED_COUNTS.filter((name) => counts.get(name) === 0);
}

export function writeCounts(counts: Counts): string {
  const names = new Set([...EXPECTED_COUNTS, ...counts.entries().map(([name]) => name)]);
  const lines = [...names].toSorted().map((name) => {
    return `${String(counts.get(name)).padStart(10)}  ${name}`;
  });
  return `${lines.join('\n')}\n`;
}

export function writeSummary(lives: Lives, wallSeconds: number): string {
  const mean = (total: number) => Math.round(total / lives.lives).toLocaleString('en');
  return [
    `${lives.lives.toLocaleString('en')} seeds in ${wallSeconds.toFixed(1)} s`,
    `${((1_000 * wallSeconds) / lives.lives).toFixed(1)} ms, ${mean(lives.steps)} steps, ${mean(lives.tasks)} tasks and ${mean(lives.seconds)} s of virtual time each`,
  ].join(': ');
}
