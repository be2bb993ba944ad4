import { formatUsd, type Pico } from '@runfleet/protocol';

import type { Broken, Law } from './laws.ts';

/** What Postgres and Redis say of the fleet as a whole. */
export type Standing = {
  /** Tasks that have not ended. */
  live: number;
  accounts: { organisationId: string; held: Pico; activeTasks: number }[];
  /** How far account rows are from their transfers, all differences added up. */
  drift: Pico;
  /** Deposits less revenue less balances: what the ledger as a whole has lost or made. */
  imbalance: Pico;
  workers: { host: string; state: string; used: number }[];
  /** Per lane of Redis: what stands in line, and what counts as running. */
  lanes: { lane: string; queued: number; running: number }[];
};

/** What is left of the load where nobody asks for anything any more. */
export type Rest = Standing & {
  /** Roles whose process ended without being told to. */
  unexpectedEnds: string[];
  /** Log lines of repairs that no fault of ours makes necessary. */
  hiddenFaults: string[];
};

/** What must be 0, or empty, once all tasks have ended. */
export function checkRest(rest: Rest): Broken[] {
  const { accounts, workers, lanes, drift, imbalance } = rest;
  const broken = (law: Law, detail: string): Broken => ({ law, detail, taskId: null });
  return [
    ...accounts
      .filter(({ held, activeTasks }) => held !== 0n || activeTasks !== 0)
      .map(({ organisationId, held, activeTasks }) =>
        broken(
          'nothing held',
          `tenant ${organisationId}: ${formatUsd(held)} USD, ${activeTasks} tasks`,
        ),
      ),
    ...(drift === 0n
      ? []
      : [broken('true ledger', `accounts differ by ${formatUsd(drift)} USD from their transfers`)]),
    ...(imbalance === 0n
      ? []
      : [broken('true ledger', `all transfers sum to ${formatUsd(imbalance)} USD`)]),
    ...workers
      .filter(({ used }) => used !== 0)
      .map(({ host, state, used }) => broken('slots free', `${host} (${state}): ${used} in use`)),
    ...lanes
      .filter(({ queued, running }) => queued !== 0 || running !== 0)
      .map(({ lane, queued, running }) =>
        broken('empty queue', `${lane}: ${queued} queued, ${running} running`),
      ),
    ...rest.unexpectedEnds.map((name) => broken('no unexpected exit', name)),
    ...rest.hiddenFaults.map((line) => broken('no hidden fault', line)),
  ];
}

/** Whether nothing is left to wait for. */
export function isAtRest({ live, accounts, workers, lanes }: Standing): boolean {
  return (
    live === 0 &&
    accounts.every(({ held, activeTasks }) => held === 0n && activeTasks === 0) &&
    workers.every(({ used }) => used === 0) &&
    lanes.every(({ queued, running }) => queued === 0 && running === 0)
  );
}
