import { setTimeout as delay } from 'node:timers/promises';

import { readLedgerDrift } from '@runfleet/billing';
import { parseUsd } from '@runfleet/protocol';
import { openTaskQueue } from '@runfleet/queue';
import { laneOf } from '@runfleet/scheduler';

import type { ChaosFleet } from './chaos-fleet.ts';
import { isAtRest, type Rest, type FleetState } from './laws/check-rest.ts';

/** Reconcilers that repair something only after a bug in Runfleet (docs/operating.md). */
const BUG_REPAIRS: readonly unknown[] = ['slot-counts', 'accounts'];

const POLL_MS = 250;

/** Waits until all tasks have ended, at most `waitMs`, and returns the state then. */
export async function readRest(fleet: ChaosFleet, waitMs: number): Promise<Rest> {
  const deadline = performance.now() + waitMs;
  let state = await readState(fleet);
  while (!isAtRest(state) && performance.now() < deadline) {
    await delay(POLL_MS);
    state = await readState(fleet);
  }
  const { unexpectedEnds } = fleet;
  return { ...state, unexpectedEnds, hiddenFaults: await readHiddenFaults(fleet) };
}

async function readState(fleet: ChaosFleet): Promise<FleetState> {
  const { sql } = fleet.db;
  const [live] = await sql<{ count: number }[]>`
    select count(*)::int as count from tasks where outcome is null`;
  const accounts = await sql<{ organisation_id: string; held: string; active_tasks: number }[]>`
    select organisation_id, held, active_tasks from accounts`;
  const [sums] = await sql<{ imbalance: string }[]>`
    select (
      (select coalesce(sum(amount), 0) from transfers where debit = 'deposits')
      - (select coalesce(sum(amount), 0) from transfers where credit = 'revenue')
      - (select coalesce(sum(balance), 0) from accounts)
    )::numeric(24,12) as imbalance`;
  const workers = await sql<FleetState['workers']>`select host, state, used from workers`;
  return {
    live: live?.count ?? 0,
    accounts: accounts.map((row) => ({
      organisationId: row.organisation_id,
      held: parseUsd(row.held),
      activeTasks: row.active_tasks,
    })),
    drift: await readLedgerDrift(fleet),
    imbalance: parseUsd(sums?.imbalance ?? '0'),
    workers: [...workers],
    lanes: await readLanes(fleet),
  };
}

async function readLanes(fleet: ChaosFleet): Promise<FleetState['lanes']> {
  const rows = await fleet.db.sql<{ pool: string; requires: string[] }[]>`
    select distinct pool, requires from tasks`;
  // Awaited here, since the queue closes when this function returns.
  await using queue = openTaskQueue({ url: fleet.redis.url });
  return await Promise.all(
    rows.map(async ({ pool, requires }) => {
      const lane = laneOf(pool, requires);
      const { queued, running } = await queue.readLoad(lane);
      return { lane, queued, running };
    }),
  );
}

async function readHiddenFaults(fleet: ChaosFleet): Promise<string[]> {
  const found: string[] = [];
  for await (const { file, line } of fleet.logLines()) {
    if (BUG_REPAIRS.includes(line['reconciler'])) found.push(`${file}: ${JSON.stringify(line)}`);
  }
  return found;
}
