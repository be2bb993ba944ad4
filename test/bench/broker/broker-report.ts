import { median } from '../load/statistics.ts';
import type { Machine } from '../machine.ts';
import { writeHead } from '../write-head.ts';
import { type Row, spread, writeTable } from '../write-table.ts';
import { BROKER_FIGURES, type BrokerFigureName, type BrokerFigures, PROMISES } from './figures.ts';

export type BrokerResults = {
  startedAt: string;
  tookSeconds: number;
  machine: Machine;
  versions: { postgres: string; redis: string };
  durability: string;
  rounds: BrokerFigures[];
  /** Measures that broke off, and why. */
  problems: string[];
};

export function writeBrokerReport(results: BrokerResults): string {
  const parts = [
    `${writeHead(results)}\n- method: everything on this machine, on 127.0.0.1, a process per role; median of ${results.rounds.length} rounds (min-max); ratios are of the same round`,
    writeTable([['figure', 'unit', 'to reach', 'measured', ''], ...figureRows(results)]),
    ...results.problems.map((problem) => `PROBLEM: ${problem}`),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Whether every promise was kept, in every round; speeds may be missed. */
export function isKept(results: BrokerResults): boolean {
  const isBroken = PROMISES.some((name) =>
    valuesOf(results, name).some((value) => isMet(name, value) === false),
  );
  return results.problems.length === 0 && !isBroken;
}

function figureRows(results: BrokerResults): Row[] {
  const names = Object.keys(BROKER_FIGURES) as BrokerFigureName[];
  return names.flatMap((name) => {
    const values = valuesOf(results, name);
    if (values.length === 0) return [];
    const figure = BROKER_FIGURES[name];
    const verdict = isMet(name, median(values));
    return [
      [
        figure.title,
        figure.unit,
        'aim' in figure ? aimText(figure.aim) : '',
        spread(values),
        verdict === null ? '' : verdict ? 'met' : '**not met**',
      ],
    ];
  });
}

function valuesOf(results: BrokerResults, name: BrokerFigureName): number[] {
  return results.rounds.flatMap((figures) => figures[name] ?? []);
}

type Aim = { atMost: number } | { atLeast: number };

function aimText(aim: Aim): string {
  return 'atMost' in aim ? `<= ${aim.atMost}` : `>= ${aim.atLeast}`;
}

/** Null where there is nothing to reach. */
function isMet(name: BrokerFigureName, value: number): boolean | null {
  const figure = BROKER_FIGURES[name];
  if (!('aim' in figure)) return null;
  const aim: Aim = figure.aim;
  return 'atMost' in aim ? value <= aim.atMost : value >= aim.atLeast;
}
