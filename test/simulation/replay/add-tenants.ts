import { deposit } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { formatUsd } from '@runfleet/protocol';

import { TENANTS } from '../tenants.ts';

/** Empties the tables and inserts the simulated tenants, each with one project of the same id. */
export async function addTenants(db: Db): Promise<void> {
  const { sql } = db;
  await sql`
    truncate limits, limit_counts, tasks, task_events, files, transfers, accounts, idempotency_keys, workers, pool_leases,
      projects, memberships, organisations, users restart identity cascade`;
  await sql`update pulse set n = 0`;
  for (const { organisationId, ownerId, balance, weight, runningLimit, limits } of TENANTS) {
    await sql`
      insert into users (id, email, name) values (${ownerId}, ${`${ownerId}@example.org`}, 'An owner')`;
    await sql`
      insert into organisations (id, name, weight, running_limit) overriding system value
      values (${organisationId}, 'A tenant', ${weight}, ${runningLimit})`;
    await sql`
      insert into projects (id, organisation_id, owner_id, name, auth_type, key_hash, key_hint)
      overriding system value values (${organisationId}, ${organisationId}, ${ownerId},
        'A project', 'apikey', ${Buffer.from(ownerId)}, 'hint')`;
    for (const { id, level, subject, kind, period, value, isInForce } of limits) {
      await sql`
        insert into limits (id, organisation_id, level, subject, kind, period, value, is_in_force)
        overriding system value values (${id}, ${organisationId}, ${level}, ${subject}, ${kind},
          ${period}, ${formatUsd(value)}, ${isInForce})`;
    }
    const businessKey = `deposit:${organisationId}`;
    await deposit({ db }, { organisationId, amount: balance, businessKey });
  }
}
