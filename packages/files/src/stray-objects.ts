import type { Db, Transaction } from '@runfleet/db';
import { groupBy } from '@runfleet/service';
import type { ObjectStorage } from '@runfleet/storage';

import { addUsage, type Amount, lockUsage } from './file-usage.ts';

/** How long an upload may take. Its process cannot write afterwards. */
export const UPLOAD_SECONDS_MAX = 3_600;
/** A process that uploads renews its claim many times within this. */
export const UPLOAD_LEASE_SECONDS = 120;
/** A deletion that takes longer is tried again. */
const SWEEP_LEASE_SECONDS = 300;
const SWEPT_AT_ONCE = 100;
const DELETES_AT_ONCE = 8;

type Ctx = { db: Db; storage: Pick<ObjectStorage, 'delete' | 'deletePrefix'> };
type Stray = { key: string; organisationId: string; state: 'abandoned' | 'deleted' };

/**
 * Deletes at most 100 objects that no entry owns and that are due, those of one organisation if it is
 * named; returns how many. Any number of processes may do this at once.
 */
export async function sweepStrayObjects(
  ctx: Ctx,
  { organisationId, signal }: { organisationId?: string; signal?: AbortSignal } = {},
): Promise<number> {
  const { sql } = ctx.db;
  const strays = await sql<Stray[]>`
    with due as (
      select key from stray_objects
      where due_at <= now()
        ${organisationId === undefined ? sql`` : sql`and organisation_id = ${organisationId}`}
      order by due_at limit ${SWEPT_AT_ONCE} for update skip locked
    )
    update stray_objects s
    set due_at = now() + make_interval(secs => ${SWEEP_LEASE_SECONDS}),
      state = case when state = 'uploading' then 'abandoned' else state end
    from due where s.key = due.key
    returning s.key, s.organisation_id as "organisationId", s.state`;
  await deleteStrays(ctx, strays, signal);
  return strays.length;
}

/** Deletes the objects, and then what the database has of them. */
async function deleteStrays(
  ctx: Ctx,
  strays: readonly Stray[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const waiting = [...strays];
  const gone: Stray[] = [];
  const work = async () => {
    for (let stray = waiting.pop(); stray; stray = waiting.pop()) {
      signal?.throwIfAborted();
      await deleteObjects(ctx, stray);
      gone.push(stray);
    }
  };
  // What was deleted is recorded even if the storage fails for the rest.
  const ends = await Promise.allSettled(Array.from({ length: DELETES_AT_ONCE }, work));
  for (const [organisationId, own] of groupBy(gone, (stray) => stray.organisationId)) {
    const keys = own.map(({ key }) => key);
    await ctx.db.sql.begin((tx) => forgetStrays(tx, { organisationId, keys }));
  }
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** Deletes the objects of an upload that will not be committed, by the process that made them. */
export async function discardUpload(
  ctx: Ctx,
  { key, organisationId }: { key: string; organisationId: string },
): Promise<void> {
  // A commit whose answer was lost has deleted the claim, and then the objects stay.
  const claimed = await ctx.db.sql`
    update stray_objects set state = 'abandoned',
      due_at = now() + make_interval(secs => ${SWEEP_LEASE_SECONDS})
    where key = ${key} and state = 'uploading'`;
  if (claimed.count === 0) return;
  await ctx.storage.deletePrefix(key);
  await ctx.db.sql.begin(async (tx) => {
    await lockUsage(tx, organisationId);
    const gone = await tx<Amount[]>`
      delete from stray_objects where key = ${key} returning ${amount(tx)}`;
    await addUsage(tx, organisationId, negative(sumOf(gone)));
  });
}

async function deleteObjects({ storage }: Ctx, { key, state }: Stray): Promise<void> {
  await (state === 'deleted' ? storage.delete(key) : storage.deletePrefix(key));
}

/**
 * Gives back what the objects counted. An abandoned upload stays until its process can no longer write,
 * and its objects are deleted once more then.
 */
async function forgetStrays(
  tx: Transaction,
  { organisationId, keys }: { organisationId: string; keys: readonly string[] },
): Promise<void> {
  await lockUsage(tx, organisationId);
  const gone = await tx<Amount[]>`
    delete from stray_objects
    where key = any(${[...keys]}) and (state = 'deleted' or entries = 0) returning ${amount(tx)}`;
  const abandoned = await tx<Amount[]>`
    with before as (
      select key, size_bytes, entries from stray_objects where key = any(${[...keys]})
    )
    update stray_objects s set size_bytes = 0, entries = 0,
      due_at = now() + make_interval(secs => ${UPLOAD_SECONDS_MAX})
    from before where s.key = before.key
    returning before.size_bytes::float8 as "sizeBytes", before.entries`;
  await addUsage(tx, organisationId, negative(sumOf([...gone, ...abandoned])));
}

function sumOf(amounts: readonly Amount[]): Amount {
  return {
    sizeBytes: amounts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    entries: amounts.reduce((sum, { entries }) => sum + entries, 0),
  };
}

function amount(tx: Transaction) {
  return tx`size_bytes::float8 as "sizeBytes", entries`;
}

function negative({ sizeBytes, entries }: Amount): Amount {
  return { sizeBytes: -sizeBytes, entries: -entries };
}
