import type { Verdict } from './laws/judge.ts';
import { type Law, LAWS } from './laws/laws.ts';
import type { Recovery } from './measure-recovery.ts';
import type { Observations } from './observations.ts';

const BROKEN_SHOWN_MAX = 12;

/** The faults and recovery times, and what happened to Runs and tasks. */
export function writeReport(options: {
  recoveries: readonly Recovery[];
  observed: Observations;
  counts: Verdict['counts'];
}): string {
  const { recoveries, observed, counts } = options;
  const kindWidth = Math.max(...recoveries.map(({ kind }) => kind.length));
  const sum = (of: (run: Observations['runs'][number]) => number) =>
    observed.runs.reduce((total, run) => total + of(run), 0);
  const outcomes = [...counts.byOutcome].map(([outcome, count]) => `${count} ${outcome}`);
  return [
    `${'fault'.padEnd(kindWidth)}  times  next task ended after, s`,
    `${''.padEnd(kindWidth)}            median     max`,
    ...recoveries.map(
      ({ kind, faults, untilNextEnd }) =>
        `${kind.padEnd(kindWidth)}${column(faults, 7)}     ${seconds(untilNextEnd?.median)}${seconds(untilNextEnd?.max)}`,
    ),
    '',
    `Runs sent        ${observed.runs.length}: ${sum(({ answers }) => Number(answers.length > 0))} accepted, ${sum(({ refusals }) => refusals.length)} refusals, ${sum(({ unanswered }) => unanswered)} tries without an answer`,
    `tasks            ${counts.tasks}: ${outcomes.toSorted().join(', ')}; ${counts.requeued} were requeued`,
    `followed         ${observed.copies.length}: ${observed.copies.filter(({ isWhole }) => isWhole).length} to the end, ${observed.copies.reduce((total, { frames }) => total + frames.length, 0)} frames`,
    `killed           ${observed.kills.length} confirmed`,
    '',
  ].join('\n');
}

/** Which laws were broken, how often and by which tasks. `logs` are lines by task id. */
export function writeBroken(
  broken: Verdict['broken'],
  options: { seed: number; logFolder: string; logs: ReadonlyMap<string, readonly string[]> },
): string {
  const counts = new Map<Law, number>();
  for (const { law } of broken) counts.set(law, (counts.get(law) ?? 0) + 1);
  return [
    ...[...counts].map(([law, count]) => `FAILED ${law} (${count}): ${LAWS[law]}`),
    ...broken
      .slice(0, BROKEN_SHOWN_MAX)
      .map(
        ({ law, taskId, detail }) =>
          `FAILED ${law}${taskId === null ? '' : `, task ${taskId}`}: ${detail}`,
      ),
    ...[...options.logs].flatMap(([taskId, lines]) => [`  task ${taskId}:`, ...lines]),
    `Logs of each role: ${options.logFolder}`,
    `The same faults again: pnpm chaos --seed ${options.seed} (with the same --minutes or --short)`,
    '',
  ].join('\n');
}

const column = (value: number | string, width: number) => String(value).padStart(width);
const seconds = (ms: number | undefined) =>
  column(ms === undefined ? '-' : (ms / 1_000).toFixed(2), 8);
