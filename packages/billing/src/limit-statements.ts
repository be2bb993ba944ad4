/** The statements over `limits` and `limit_counts`, for a transaction that holds the accounts' locks. */
import { formatMoment, type Statement, type Transaction } from '@runfleet/db';
import { formatUsd, type Micros, parseUsd } from '@runfleet/protocol';

import {
  countKey,
  type CountChange,
  type Limit,
  LimitBook,
  type LimitCount,
  type RunSubject,
} from './limits.ts';

type Row = Omit<Limit, 'value'> & {
  organisationId: string;
  value: string;
  /** Null where nothing was counted yet. */
  countSubject: string | null;
  name: string;
  startsAt: Micros;
  endsAt: Micros | null;
  settled: string;
  held: string;
  active: number;
};

/** Every limit that concerns the Runs, with its latest count of each subject. */
export async function readLimits(tx: Transaction, runs: readonly RunSubject[]): Promise<LimitBook> {
  const rows = await tx<Row[]>`
    with run as (
      select distinct * from json_to_recordset(${JSON.stringify(runs.map(subjectRow))}::text::json)
        as r(organisation_id bigint, project text, key text, end_user text)
    ), concerned as (
      select distinct l.id, l.organisation_id, l.level, l.subject, l.kind, l.period, l.value,
        l.is_in_force, own.subject as own
      from run join limits l using (organisation_id)
      cross join lateral (select case l.level when 'organisation' then '' when 'project' then project
        when 'key' then key else nullif(end_user, '') end as subject) own
      where own.subject = l.subject or (l.level = 'user' and l.subject = '' and own.subject is not null)
    )
    select l.id, l.organisation_id as "organisationId", l.level, l.subject, l.kind, l.period, l.value,
      l.is_in_force as "isInForce", c.subject as "countSubject", c.name, c.starts_at as "startsAt",
      c.ends_at as "endsAt", c.settled, c.held, c.active
    from concerned l left join lateral (
      select * from limit_counts c where c.limit_id = l.id and c.subject = l.own
      order by c.starts_at desc limit 1
    ) c on true
    order by l.id`;
  const limits = new Map<string, Map<string, Limit>>();
  const counts = new Map<string, LimitCount>();
  for (const row of rows) {
    const own = limits.get(row.organisationId) ?? new Map<string, Limit>();
    limits.set(row.organisationId, own.set(row.id, toLimit(row)));
    const { id: limitId, countSubject: subject, name, startsAt, endsAt, active } = row;
    if (subject === null) continue;
    const [settled, held] = [parseUsd(row.settled), parseUsd(row.held)];
    const count = { name, limitId, subject, startsAt, endsAt, settled, held, active };
    counts.set(countKey(limitId, subject), count);
  }
  return new LimitBook(
    new Map([...limits].map(([organisationId, own]) => [organisationId, [...own.values()]])),
    counts,
  );
}

/** Another commit cannot have opened one of them: the accounts are locked. */
export function openCounts(tx: Transaction, counts: readonly LimitCount[]): Statement[] {
  if (counts.length === 0) return [];
  const rows = counts.map(({ name, limitId, subject, startsAt, endsAt }) => ({
    name,
    limit_id: limitId,
    subject,
    starts_at: formatMoment(startsAt),
    ends_at: endsAt === null ? null : formatMoment(endsAt),
  }));
  return [
    tx`
      insert into limit_counts (name, limit_id, subject, starts_at, ends_at)
      select name, limit_id, subject, starts_at, ends_at
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as c(name text, limit_id bigint,
        subject text, starts_at timestamptz, ends_at timestamptz)`,
  ];
}

/** Counts of limits that were removed are gone, and change nothing. */
export function changeCounts(tx: Transaction, changes: readonly CountChange[]): Statement[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ name, settled, held, active }) => ({
    name,
    settled: formatUsd(settled),
    held: formatUsd(held),
    active,
  }));
  return [
    tx`
      update limit_counts l set
        settled = l.settled + c.settled, held = l.held + c.held, active = l.active + c.active
      from json_to_recordset(${JSON.stringify(rows)}::text::json)
        as c(name text, settled numeric, held numeric, active int)
      where l.name = c.name and l.name = any(${changes.map(({ name }) => name)}::text[])`,
  ];
}

function subjectRow({ organisationId, projectId, keyId, endUser }: RunSubject) {
  return { organisation_id: organisationId, project: projectId, key: keyId, end_user: endUser };
}

function toLimit({ id, level, subject, kind, period, value, isInForce }: Row): Limit {
  return { id, level, subject, kind, period, value: parseUsd(value), isInForce };
}
