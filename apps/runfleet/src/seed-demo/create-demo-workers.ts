import { randomUUID } from 'node:crypto';

import type { Db } from '@runfleet/db';

import { LOST_HOST } from './attempt.ts';
import { DEMO_POOL } from './demo-marks.ts';
import { DEMO_DEVICE } from './tell-life.ts';

const DRAINED_HOST = 'demo-data-1';
/** No process renews these leases; a lease this far in the future never expires. */
const PULSES_AHEAD = 1_000_000_000_000;

/** Creates one drained and one lost worker. Neither ever gets a task. */
export async function createDemoWorkers(ctx: { db: Db }): Promise<void> {
  const device = JSON.stringify({
    engine: 'none',
    model: 'Phi-3.5-mini-instruct',
    provider: 'demo data',
    device: DEMO_DEVICE,
    version: '',
  });
  await ctx.db.sql`
    insert into workers (id, pools, host, state, generation, slots, renewed_pulse, renewed_at,
      started_at, device)
    select id::uuid, array[${DEMO_POOL}], host, state, 1, 4, pulse.n + ahead, now() - age,
      now() - interval '15 days', ${device}::text::jsonb
    from pulse, (values
      (${randomUUID()}, ${DRAINED_HOST}, 'draining', ${PULSES_AHEAD}::bigint, interval '0'),
      (${randomUUID()}, ${LOST_HOST}, 'lost', 0::bigint, interval '12 minutes')
    ) as w(id, host, state, ahead, age)`;
}
