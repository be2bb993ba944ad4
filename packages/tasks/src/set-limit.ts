import {
  type Limit,
  lockAccount,
  newCount,
  openCounts,
  periodStart,
  type LimitCount,
} from '@runfleet/billing';
import { type Db, formatMoment, isConflict, type Transaction } from '@runfleet/db';
import {
  formatUsd,
  LIMIT_KINDS,
  type Micros,
  parseUsd,
  type Pico,
  RunfleetError,
  TASK_ID_PATTERN,
} from '@runfleet/protocol';

import { type ListedLimit, listLimits } from './read/list-limits.ts';

/** Each Run reads the limits that concern it. */
const LIMITS_PER_ORGANISATION_MAX = 200;
const END_USER_CHARACTERS_MAX = 256;
/** As large as the column. */
const VALUE_MAX = parseUsd('999999999999');
const CONFLICT_TRIES = 4;

export type NewLimit = Pick<Limit, 'level' | 'subject' | 'kind' | 'period' | 'value'>;

/**
 * Sets a limit, or changes its value. From its commit on, no Run is accepted above it. A limit of an
 * organisation or a project counts its current period from the start: live tasks in the commit that
 * sets it, ended ones right after it, and then it comes into force. So a call that dies in between
 * leaves a limit that is not in force; the same call again completes it. A limit of a key or an end
 * user counts the Runs that follow it, because a task does not name them. Throws `invalid_request`.
 */
export async function setLimit(
  ctx: { db: Db },
  organisationId: string,
  limit: NewLimit,
): Promise<ListedLimit> {
  requireValid(limit);
  const { id, isInForce, count } = await retryConflicts(() =>
    ctx.db.sql.begin((tx) => writeLimit(tx, organisationId, limit)),
  );
  if (!isInForce) {
    const spent = count === null ? 0n : await sumHistory(ctx, organisationId, limit, count);
    await ctx.db.sql.begin((tx) => putInForce(tx, { organisationId, id, count, spent }));
  }
  const listed = (await listLimits(ctx, organisationId)).find((own) => own.id === id);
  if (!listed) throw invalid('The limit was removed while it was set.');
  return listed;
}

/** Locks the live tasks before the account, as commits do. */
async function writeLimit(
  tx: Transaction,
  organisationId: string,
  { level, subject, kind, period, value }: NewLimit,
): Promise<{ id: string; isInForce: boolean; count: LimitCount | null }> {
  await requireSubject(tx, organisationId, { level, subject });
  if (hasHistory(level)) {
    await tx`
      select from tasks where ${isOf(tx, organisationId, { level, subject })} and outcome is null
      order by id for update`;
  }
  await tx`
    insert into accounts (organisation_id) values (${organisationId}) on conflict do nothing`;
  await lockAccount(tx, organisationId);
  const [known] = await tx<{ count: number }[]>`
    select count(*)::int as count from limits where organisation_id = ${organisationId}`;
  const [row] = await tx<{ id: string; isInForce: boolean; isNew: boolean; now: Micros }[]>`
    insert into limits (organisation_id, level, subject, kind, period, value, is_in_force)
    values (${organisationId}, ${level}, ${subject}, ${kind}, ${period}, ${formatUsd(value)}, false)
    on conflict (organisation_id, level, subject, kind, period) do update set value = excluded.value
    returning id, is_in_force as "isInForce", xmax = 0 as "isNew", clock_timestamp() as now`;
  if (!row) throw new Error('The limit was not written.');
  if (row.isNew && (known?.count ?? 0) >= LIMITS_PER_ORGANISATION_MAX) {
    throw invalid(
      `An organisation may have ${LIMITS_PER_ORGANISATION_MAX} limits. Remove one first.`,
    );
  }
  const { id, isInForce } = row;
  if (isInForce || !hasHistory(level)) return { id, isInForce, count: null };
  const startsAt = periodStart(period, row.now);
  const count = newCount({ limitId: id, subject, period, startsAt });
  await countLive(tx, organisationId, { level, subject }, count);
  return { id, isInForce, count };
}

/** Live tasks of the period that it does not count yet; from then on their commits change the count. */
async function countLive(
  tx: Transaction,
  organisationId: string,
  of: Pick<Limit, 'level' | 'subject'>,
  count: LimitCount,
): Promise<void> {
  const [known] = await tx`select from limit_counts where name = ${count.name}`;
  if (!known) await Promise.all(openCounts(tx, [count]));
  await tx`
    with counted as (
      update tasks set counted_in = counted_in || ${count.name}::text
      where ${isOf(tx, organisationId, of)} and outcome is null and ${isUncounted(tx, count)}
      returning held
    )
    update limit_counts set held = limit_counts.held + sum.held, active = limit_counts.active + sum.active
    from (select coalesce(sum(held), 0) as held, count(*) as active from counted) sum
    where name = ${count.name}`;
}

/** What tasks cost that ended before the limit was set. No commit changes any of them. */
async function sumHistory(
  { db }: { db: Db },
  organisationId: string,
  of: Pick<Limit, 'level' | 'subject'>,
  count: LimitCount,
): Promise<Pico> {
  const [row] = await db.sql<{ spent: string }[]>`
    select coalesce(sum(total_cost), 0)::numeric(24, 12) as spent from tasks
    where ${isOf(db.sql, organisationId, of)} and outcome is not null and ${isUncounted(db.sql, count)}`;
  return parseUsd(row?.spent ?? '0');
}

/** Two calls at once may both have summed the history; the second one adds nothing. */
async function putInForce(
  tx: Transaction,
  of: { organisationId: string; id: string; count: LimitCount | null; spent: Pico },
): Promise<void> {
  await lockAccount(tx, of.organisationId);
  const changed = await tx`
    update limits set is_in_force = true where id = ${of.id} and not is_in_force returning id`;
  if (changed.length === 0 || of.count === null) return;
  await tx`
    update limit_counts set settled = settled + ${formatUsd(of.spent)}::numeric
    where name = ${of.count.name}`;
}

/** Whether tasks name what the level is about. */
function hasHistory(level: Limit['level']): boolean {
  return level === 'organisation' || level === 'project';
}

function isOf(
  sql: Db['sql'] | Transaction,
  organisationId: string,
  { level, subject }: Pick<Limit, 'level' | 'subject'>,
) {
  return sql`
    organisation_id = ${organisationId}
    ${level === 'project' ? sql`and project_id = ${subject}` : sql``}`;
}

function isUncounted(sql: Db['sql'] | Transaction, { limitId, startsAt, endsAt }: LimitCount) {
  return sql`
    queued_at >= ${formatMoment(startsAt)}::text::timestamptz
    ${endsAt === null ? sql`` : sql`and queued_at < ${formatMoment(endsAt)}::text::timestamptz`}
    and not exists (select from unnest(counted_in) as name where name like ${`${limitId}:%`})`;
}

async function requireSubject(
  tx: Transaction,
  organisationId: string,
  { level, subject }: Pick<Limit, 'level' | 'subject'>,
): Promise<void> {
  const isId = TASK_ID_PATTERN.test(organisationId);
  const [known] = isId ? await tx`select from organisations where id = ${organisationId}` : [];
  if (!known) throw invalid(`There is no organisation ${organisationId}.`);
  if (level !== 'project' && level !== 'key') return;
  const [project] = TASK_ID_PATTERN.test(subject)
    ? await tx`select from projects where id = ${subject} and organisation_id = ${organisationId}`
    : [];
  if (!project) throw invalid(`The organisation has no project ${subject}.`);
}

function requireValid({ level, subject, kind, period, value }: NewLimit): void {
  const { periods } = LIMIT_KINDS[kind];
  if (!(periods as readonly string[]).includes(period)) {
    throw invalid(`A limit of kind ${kind} needs the period ${periods.join(', ')}.`);
  }
  if (value < 0n || value > VALUE_MAX) throw invalid('A limit must be from 0 to 999999999999.');
  if (kind !== 'spend' && value % parseUsd('1') !== 0n) throw invalid('A count must be whole.');
  if (level === 'organisation' && subject !== '') throw invalid('An organisation has no subject.');
  if (subject.length > END_USER_CHARACTERS_MAX || subject.includes('\0')) {
    throw invalid(`An end user's name has at most ${END_USER_CHARACTERS_MAX} characters.`);
  }
}

function invalid(problem: string): RunfleetError {
  return new RunfleetError('invalid_request', problem);
}

async function retryConflicts<R>(commit: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commit();
    } catch (error) {
      if (!isConflict(error) || attempt === CONFLICT_TRIES) throw error;
    }
  }
}
