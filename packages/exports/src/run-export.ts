import { type Db, formatMoment } from '@runfleet/db';
import type { Micros } from '@runfleet/protocol';
import type { JobEnd } from '@runfleet/queue';
import { type ObjectStorage, ObjectTooLargeError } from '@runfleet/storage';

import { EXPORT_LIMITS } from './create-export.ts';
import { type ExportFormat, type ExportKind, objectKey } from './read-exports.ts';
import { countRows, EXPORT_ROWS, readRows, type RowFilter } from './read-rows.ts';
import { CONTENT_TYPES, renderRows } from './render-rows.ts';

export type ExportContext = {
  db: Db;
  storage: ObjectStorage;
  signal: AbortSignal;
  /** `owner/name` of a model. */
  modelNameOf(this: void, modelId: string): string;
};

/** An export is given up after as many attempts. */
export const ATTEMPTS_MAX = 3;
const PAGE_ROWS = 1_000;
const LEASE_SECONDS = 60;
/** A failed attempt's own job makes the next one within this time; then a broker adds another job. */
const RETRY_SECONDS = 30;
const ERROR_CHARACTERS_MAX = 500;

type Claimed = {
  id: string;
  attemptId: string;
  attempts: number;
  organisationId: string;
  projectId: string;
  kind: ExportKind;
  format: ExportFormat;
  fromMoment: Micros;
  untilMoment: Micros;
};

/** The export was cancelled, or its claim was lost to another attempt. */
class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

/** The next attempt would fail in the same way. */
class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
}

/**
 * Makes one attempt at an export, if none is in progress. Rejects if the attempt fails; the export is
 * then queued again, or has failed if this was the last attempt.
 */
export async function runExport(ctx: ExportContext, id: string): Promise<JobEnd> {
  const claimed = await claim(ctx, id);
  if (!claimed) return 'done';
  const key = objectKey(claimed);
  try {
    const { sizeBytes } = await ctx.storage.put(key, write(ctx, claimed), {
      contentType: CONTENT_TYPES[claimed.format],
      bytesMax: EXPORT_LIMITS.sizeBytes,
      signal: ctx.signal,
    });
    await finish(ctx, claimed, sizeBytes);
    return 'done';
  } catch (error) {
    if (error instanceof SupersededError) {
      await ctx.storage.delete(key);
      return 'done';
    }
    const isTooLarge = error instanceof TooLargeError || error instanceof ObjectTooLargeError;
    await fail(ctx, claimed, { error, isLast: isTooLarge || claimed.attempts >= ATTEMPTS_MAX });
    if (isTooLarge) return 'done';
    throw error;
  }
}

async function claim(ctx: ExportContext, id: string): Promise<Claimed | undefined> {
  const [claimed] = await ctx.db.sql<Claimed[]>`
    update exports set state = 'running', attempt_id = gen_random_uuid(), attempts = attempts + 1,
      leased_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}),
      rows_total = 0, rows_done = 0, error = '', ended_at = null, expires_at = null
    where id = ${id} and (state in ('queued', 'failed') and coalesce(expires_at > now(), true)
      or state = 'running' and leased_until <= clock_timestamp())
    returning id, attempt_id as "attemptId", attempts, organisation_id as "organisationId",
      project_id as "projectId", kind, format, from_moment as "fromMoment",
      until_moment as "untilMoment"`;
  return claimed;
}

/** The bytes of the file. Each page renews the claim; without it, it throws. */
async function* write(ctx: ExportContext, claimed: Claimed): AsyncGenerator<Uint8Array> {
  const { kind, format } = claimed;
  const filter: RowFilter = {
    ...claimed,
    from: formatMoment(claimed.fromMoment),
    until: formatMoment(claimed.untilMoment),
  };
  const total = await countRows(ctx, kind, filter, EXPORT_LIMITS.rows + 1);
  if (total > EXPORT_LIMITS.rows) {
    throw new TooLargeError(
      `It has more than ${EXPORT_LIMITS.rows} rows. Choose a shorter period.`,
    );
  }
  await renew(ctx, claimed, { total, done: 0 });
  const { columns } = EXPORT_ROWS[kind];
  let done = 0;
  for await (const rows of readRows(ctx, kind, filter, PAGE_ROWS)) {
    ctx.signal.throwIfAborted();
    const named = rows.map((row) => ({ ...row, model: ctx.modelNameOf(row['model'] ?? '') }));
    const bytes = renderRows(format, columns, named, { isFirst: done === 0 });
    done += rows.length;
    await renew(ctx, claimed, { total, done });
    yield bytes;
  }
  if (done === 0) yield renderRows(format, columns, [], { isFirst: true });
}

async function renew(
  ctx: ExportContext,
  { id, attemptId }: Claimed,
  { total, done }: { total: number; done: number },
): Promise<void> {
  const renewed = await ctx.db.sql`
    update exports set rows_total = greatest(${total}::int, ${done}::int), rows_done = ${done},
      leased_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})
    where id = ${id} and attempt_id = ${attemptId} and state = 'running'`;
  if (renewed.count === 0) throw new SupersededError();
}

async function finish(
  ctx: ExportContext,
  { id, attemptId }: Claimed,
  sizeBytes: number,
): Promise<void> {
  const finished = await ctx.db.sql`
    update exports set state = 'finished', rows_total = rows_done, size_bytes = ${sizeBytes},
      leased_until = null, ended_at = now(),
      expires_at = now() + make_interval(hours => ${EXPORT_LIMITS.keptHours})
    where id = ${id} and attempt_id = ${attemptId} and state = 'running'`;
  if (finished.count === 0) throw new SupersededError();
}

async function fail(
  ctx: ExportContext,
  { id, attemptId }: Claimed,
  { error, isLast }: { error: unknown; isLast: boolean },
): Promise<void> {
  const message = (error instanceof Error ? error.message : String(error)).replaceAll('\0', '');
  const { sql } = ctx.db;
  const ended = sql`state = 'failed', ended_at = now(),
    expires_at = now() + make_interval(hours => ${EXPORT_LIMITS.keptHours})`;
  await sql`
    update exports set ${isLast ? ended : sql`state = 'queued'`}, leased_until = ${isLast ? null : sql`now() + make_interval(secs => ${RETRY_SECONDS})`},
      error = ${message.slice(0, ERROR_CHARACTERS_MAX)}
    where id = ${id} and attempt_id = ${attemptId} and state = 'running'`;
}
