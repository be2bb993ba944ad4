import { formatUsd, type Pico } from '@runfleet/protocol';

import type { Broken, Law } from './laws.ts';

/** The state of the whole fleet in Postgres and Redis. */
export type FleetState = {
  /** Tasks that have not ended. */
  live: number;
  accounts: { organisationId: string; held: Pico; activeTasks: number }[];
  /** The sum of the differences between account rows and their transfers. */
  drift: Pico;
  /** Deposits less revenue less balances: 0 unless the ledger lost or created money. */
  imbalance: Pico;
  workers: { host: string; state: string; used: number }[];
  /** Queued and running tasks per lane in Redis. */
  lanes: { lane: string; queued: number; running: number }[];
};

/** What is left after the load has ended. */
export type Rest = FleetState & {
  /** Roles whose process exited without a request to stop. */
  unexpectedEnds: string[];
  /** Log lines of repairs that none of the inflicted faults make necessary. */
  hiddenFaults: string[];
};

/** Checks what must be 0 or empty once all tasks have ended. */
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

/** Whether all tasks have ended and everything was released. */
export function isAtRest({ live, accounts, workers, lanes }: FleetState): boolean {
  return (
    live === 0 &&
    accounts.every(({ held, activeTasks }) => held === 0n && activeTasks === 0) &&
    workers.every(({ used }) => used === 0) &&
    lanes.every(({ queued, running }) => queued === 0 && running === 0)
  );
}
