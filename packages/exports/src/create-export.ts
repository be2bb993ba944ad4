import { type Db, formatMoment } from '@runfleet/db';
import { type Micros, RunfleetError } from '@runfleet/protocol';

import type { ExportFormat, ExportKind } from './read-exports.ts';

export const EXPORT_LIMITS = {
  /** Longer exports fail, with the advice to choose a shorter period. */
  rows: 1_000_000,
  /** Queued or running, of one organisation. */
  openPerOrganisation: 2,
  /** Of one organisation, until they expire. */
  keptPerOrganisation: 50,
  periodDays: 366,
  /** How long an export that has ended can be seen and downloaded. */
  keptHours: 24,
  sizeBytes: 2_000_000_000,
} as const;

const DAY_MICROS = 86_400_000_000n;

type NewExport = {
  organisationId: string;
  projectId: string;
  kind: ExportKind;
  format: ExportFormat;
  from: Micros;
  until: Micros;
};

/** Orders an export. Throws `invalid_request` for its period and `rate_limited` at a limit. */
export async function createExport(ctx: { db: Db }, wanted: NewExport): Promise<string> {
  const { organisationId, projectId, kind, format, from, until } = wanted;
  const { openPerOrganisation, keptPerOrganisation, periodDays } = EXPORT_LIMITS;
  if (until <= from || until - from > BigInt(periodDays) * DAY_MICROS) {
    throw new RunfleetError(
      'invalid_request',
      `Request parameter [to] must be after [from], and at most ${periodDays} days later`,
    );
  }
  return ctx.db.sql.begin(async (tx) => {
    // The lock makes two calls at once count each other's export.
    await tx`select from organisations where id = ${organisationId} for no key update`;
    const [count] = await tx<{ open: number; kept: number }[]>`
      select count(*) filter (where state in ('queued', 'running'))::int as open,
        count(*)::int as kept
      from exports where organisation_id = ${organisationId} and (expires_at is null or expires_at > now())`;
    if ((count?.open ?? 0) >= openPerOrganisation) {
      throw new RunfleetError(
        'rate_limited',
        `Your organisation has ${openPerOrganisation} exports in progress. Wait for one, or cancel one.`,
      );
    }
    if ((count?.kept ?? 0) >= keptPerOrganisation) {
      throw new RunfleetError(
        'rate_limited',
        `Your organisation has ${keptPerOrganisation} exports. Each is deleted a day after its end.`,
      );
    }
    const [row] = await tx<{ id: string }[]>`
      insert into exports (organisation_id, project_id, kind, format, from_moment, until_moment)
      values (${organisationId}, ${projectId}, ${kind}, ${format},
        ${formatMoment(from)}::text::timestamptz, ${formatMoment(until)}::text::timestamptz)
      returning id`;
    if (!row) throw new Error('The export was not inserted.');
    return row.id;
  });
}
