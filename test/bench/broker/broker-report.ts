import { median } from '../load/statistics.ts';
import type { Machine } from '../machine.ts';
import { writeHead } from '../write-head.ts';
import { type Row, spread, writeTable } from '../write-table.ts';
import {
  BROKER_STATISTICS,
  type BrokerStatisticName,
  type BrokerStatistics,
  PROMISES,
} from './broker-statistics.ts';

export type BrokerResults = {
  startedAt: string;
  tookSeconds: number;
  machine: Machine;
  versions: { postgres: string; redis: string };
  durability: string;
  rounds: BrokerStatistics[];
  /** Measures that failed, with the reason. */
  problems: string[];
};

export function writeBrokerReport(results: BrokerResults): string {
  const parts = [
    `${writeHead(results)}\n- method: everything on this machine, on 127.0.0.1, one process per role; median of ${results.rounds.length} rounds (min-max); ratios are of the same round`,
    writeTable([['statistic', 'unit', 'target', 'measured', ''], ...statisticRows(results)]),
    ...results.problems.map((problem) => `PROBLEM: ${problem}`),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Whether every promise was kept in every round. Missed speeds do not count. */
export function isKept(results: BrokerResults): boolean {
  const isBroken = PROMISES.some((name) =>
    valuesOf(results, name).some((value) => isMet(name, value) === false),
  );
  return results.problems.length === 0 && !isBroken;
}

function statisticRows(results: BrokerResults): Row[] {
  const names = Object.keys(BROKER_STATISTICS) as BrokerStatisticName[];
  return names.flatMap((name) => {
    const values = valuesOf(results, name);
    if (values.length === 0) return [];
    const statistic = BROKER_STATISTICS[name];
    const verdict = isMet(name, median(values));
    return [
      [
        statistic.title,
        statistic.unit,
        'target' in statistic ? targetText(statistic.target) : '',
        spread(values),
        verdict === null ? '' : verdict ? 'met' : '**not met**',
      ],
    ];
  });
}

function valuesOf(results: BrokerResults, name: BrokerStatisticName): number[] {
  return results.rounds.flatMap((statistics) => statistics[name] ?? []);
}

type Target = { atMost: number } | { atLeast: number };

function targetText(target: Target): string {
  return 'atMost' in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
}

/** Null if the statistic has no target. */
function isMet(name: BrokerStatisticName, value: number): boolean | null {
  const statistic = BROKER_STATISTICS[name];
  if (!('target' in statistic)) return null;
  const target: Target = statistic.target;
  return 'atMost' in target ? value <= target.atMost : value >= target.atLeast;
}
