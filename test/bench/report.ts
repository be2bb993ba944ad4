import {
  type CpuShares,
  type StatisticName,
  STATISTICS,
  OWN_STATISTICS,
  type OwnStatisticName,
  type Round,
} from './bench-statistics.ts';
import { median } from './load/statistics.ts';
import type { Results } from './results.ts';
import { FOREIGN } from './systems/cpu-meter.ts';
import { type SystemName, TENANTS, WORKER_SLOTS } from './systems/system.ts';
import { writeHead } from './write-head.ts';
import { type Row, spread, writeTable } from './write-table.ts';

const SYSTEMS: readonly SystemName[] = ['runfleet', 'n1', 'n1-batched', 'n2'];
const PEERS: readonly SystemName[] = ['n1', 'n1-batched', 'n2'];
/** Conditions of a run, which are not compared. */
const NOT_COMPARED: readonly StatisticName[] = ['foreign', 'lost'];

/** The report as Markdown that is also readable as plain text. */
export function writeReport(results: Results): string {
  const parts = [
    headOf(results),
    writeTable(statisticRows(results)),
    titled(
      'CPU microseconds per accepted Run (96 clients, api alone):',
      cpuRows(results, (round) => round.cpuPerAccept),
    ),
    titled(
      'CPU microseconds per finished task (96 clients, sustained):',
      cpuRows(results, (round) => round.cpuPerTask),
    ),
    titled('Floors, the test model, and Runs that wait:', ownRows(results)),
    titled('Runfleet and its floors:', shareRows(results)),
    ...results.problems.map((problem) => `PROBLEM: ${problem}`),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function headOf(results: Results): string {
  return [
    writeHead(results),
    `- method: load generator, servers and systems share this machine, all on 127.0.0.1; systems run one at a time, in turn, each on a new database; tasks that the api alone accepted become history before the rest; log level warn; ${TENANTS} tenants with one project each; ${WORKER_SLOTS} tasks at once per worker; one worker; a prompt of 18 words, echoed`,
    `- cells: median of ${results.plan.rounds} rounds (min-max); ratios are medians of the rounds' ratios; finished tasks are counted in Postgres; latencies are the client's unless said otherwise`,
  ].join('\n');
}

function statisticRows(results: Results): Row[] {
  const names = Object.keys(STATISTICS) as StatisticName[];
  const present = SYSTEMS.filter((name) => isPresent(results, name));
  if (present.length === 0) return [];
  const peers = present.includes('runfleet') ? PEERS.filter((name) => present.includes(name)) : [];
  const labels = present.map((name) => results.systems[name]?.label ?? name);
  const head = [
    'statistic',
    'unit',
    ...labels,
    ...peers.map((name) => `to ${labelOf(results, name)}`),
  ];
  const rows = names.map((name) => [
    STATISTICS[name].title,
    STATISTICS[name].unit,
    ...present.map((system) =>
      spread(valuesOf(results, system, (round) => round.statistics[name])),
    ),
    ...peers.map((peer) =>
      NOT_COMPARED.includes(name)
        ? ''
        : ratio(
            valuesOf(results, 'runfleet', (round) => round.statistics[name]),
            valuesOf(results, peer, (round) => round.statistics[name]),
          ),
    ),
  ]);
  return [head, ...rows];
}

function cpuRows(results: Results, shares: (round: Round) => CpuShares): Row[] {
  const present = SYSTEMS.filter((name) => isPresent(results, name));
  if (present.length === 0) return [];
  const own = ['api', 'broker', 'worker', 'gateway', 'redis', 'postgres'];
  const of = (system: SystemName, names: readonly string[]) =>
    valuesOf(results, system, (round) =>
      names.reduce((sum, name) => sum + (shares(round)[name] ?? 0), 0),
    );
  const rowOf = (title: string, names: readonly string[]) => [
    title,
    ...present.map((system) => spread(of(system, names))),
  ];
  return [
    ['process', ...present.map((name) => labelOf(results, name))],
    ...own.map((name) => rowOf(name, [name])),
    rowOf('sum', own),
    rowOf('load generator', ['load generator']),
    rowOf(FOREIGN, [FOREIGN]),
  ];
}

function ownRows(results: Results): Row[] {
  const names = Object.keys(OWN_STATISTICS) as OwnStatisticName[];
  const rows = names.flatMap((name) => {
    const values = ownValues(results, name);
    return values.every(Number.isNaN)
      ? []
      : [[OWN_STATISTICS[name].title, OWN_STATISTICS[name].unit, spread(values)]];
  });
  return rows.length === 0 ? [] : [['statistic', 'unit', 'Runfleet'], ...rows];
}

function shareRows(results: Results): Row[] {
  const ours = (name: StatisticName) =>
    valuesOf(results, 'runfleet', (round) => round.statistics[name]);
  const against = (title: string, name: StatisticName, floor: OwnStatisticName) => {
    const value = ratio(ours(name), ownValues(results, floor));
    return value === '' ? [] : [[title, value]];
  };
  const betweenFloors = (title: string, name: OwnStatisticName, floor: OwnStatisticName) => {
    const value = ratio(ownValues(results, name), ownValues(results, floor));
    return value === '' ? [] : [[title, value]];
  };
  const rows = [
    ...against('accepted, 96 clients / bare transaction alone', 'acceptC96', 'bareAlone'),
    ...against('accepted, 96 clients / bare transactions shared', 'acceptC96', 'bareShared'),
    ...against('accept p50 at 200/s / bare HTTP p50', 'acceptOpenP50', 'helloOpenP50'),
    ...against('accept p99 at 200/s / bare HTTP p99', 'acceptOpenP99', 'helloOpenP99'),
    ...betweenFloors(
      'sync answer after the last frame / Task/Detail',
      'syncAfterFrameP50',
      'detailP50',
    ),
    ...betweenFloors(
      'memory of an open sync Run / bare HTTP request',
      'waitBytes',
      'bareWaitBytes',
    ),
  ];
  return rows.length === 0 ? [] : [['share', 'ratio'], ...rows];
}

function isPresent(results: Results, name: SystemName): boolean {
  return results.systems[name]?.rounds.some((round) => round !== null) ?? false;
}

/** One value per round; NaN for a missing round. */
function valuesOf(
  results: Results,
  name: SystemName,
  read: (round: Round) => number,
): readonly number[] {
  return (results.systems[name]?.rounds ?? []).map((round) => (round ? read(round) : NaN));
}

function labelOf(results: Results, name: SystemName): string {
  return results.systems[name]?.label ?? name;
}

function ownValues(results: Results, name: OwnStatisticName): readonly number[] {
  return results.own.map((round) => round[name] ?? NaN);
}

/** Compares the same round of both, so that load which slows down all of a round cancels out. */
function ratio(ours: readonly number[], theirs: readonly number[]): string {
  const ratios = ours
    .map((value, round) => value / (theirs[round] ?? NaN))
    .filter((value) => Number.isFinite(value));
  return ratios.length === 0 ? '' : `${median(ratios).toFixed(2)}x`;
}

function titled(title: string, rows: readonly Row[]): string {
  return rows.length === 0 ? '' : `${title}\n\n${writeTable(rows)}`;
}
