import { setTimeout as delay } from 'node:timers/promises';

import { readLedgerDrift } from '@runfleet/billing';
import { parseUsd } from '@runfleet/protocol';
import { openTaskQueue } from '@runfleet/queue';
import { laneOf } from '@runfleet/scheduler';

import type { ChaosFleet } from './chaos-fleet.ts';
import { isAtRest, type Rest, type Standing } from './laws/check-rest.ts';

/** Reconcilers that find something only where Runfleet has made a mistake (docs/operating.md). */
const TELLING_REPAIRS: readonly unknown[] = ['slot-counts', 'accounts'];

const LOOK_MS = 250;

/** Waits until nothing is left to do, `waitMs` at most, and tells what there is then. */
export async function readRest(fleet: ChaosFleet, waitMs: number): Promise<Rest> {
  const deadline = performance.now() + waitMs;
  let standing = await readStanding(fleet);
  while (!isAtRest(standing) && performance.now() < deadline) {
    await delay(LOOK_MS);
    standing = await readStanding(fleet);
  }
  const { unexpectedEnds } = fleet;
  return { ...standing, unexpectedEnds, hiddenFaults: await readHiddenFaults(fleet) };
}

async function readStanding(fleet: ChaosFleet): Promise<Standing> {
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
  const workers = await sql<Standing['workers']>`select host, state, used from workers`;
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

async function readLanes(fleet: ChaosFleet): Promise<Standing['lanes']> {
  const rows = await fleet.db.sql<{ pool: string; requires: string[] }[]>`
    select distinct pool, requires from tasks`;
  // Awaited here, since the queue closes where this ends.
  await using queue = openTaskQueue({ url: fleet.redis.url });
  return await Promise.all(
    rows.map(async ({ pool, requires }) => {
      const lane = laneOf(pool, requires);
      const { queued, running } = await queue.readPool(lane);
      return { lane, queued, running };
    }),
  );
}

async function readHiddenFaults(fleet: ChaosFleet): Promise<string[]> {
  const found: string[] = [];
  for await (const { file, line } of fleet.logLines()) {
    if (TELLING_REPAIRS.includes(line['reconciler']))
      found.push(`${file}: ${JSON.stringify(line)}`);
  }
  return found;
}
