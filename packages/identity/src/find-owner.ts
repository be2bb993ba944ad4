import type { Db } from '@runfleet/db';
import { RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

type Owner = { organisationId: string; ownerId: string };

/**
 * Who a new project belongs to: the organisation, which may be left out where there is only one, and
 * its member of that e-mail, or its first owner. Throws `invalid_request` where that is nobody.
 */
export async function findOwner(
  ctx: { db: Db },
  wanted: { organisationId: string | null; email: string | null },
): Promise<Owner> {
  const { organisationId, email } = wanted;
  if (organisationId !== null && !TASK_ID_PATTERN.test(organisationId)) {
    throw problem(`There is no organisation ${organisationId}.`);
  }
  const owners = await ctx.db.sql<Owner[]>`
    select distinct on (m.organisation_id)
           m.organisation_id as "organisationId", m.user_id as "ownerId"
    from memberships m join users u on u.id = m.user_id
    where (${organisationId}::bigint is null or m.organisation_id = ${organisationId}::bigint)
      and (${email}::text is null or u.email = ${email}::text)
    order by m.organisation_id, m.role = 'owner' desc, m.id
    limit 2`;
  const [owner, another] = owners;
  if (owner === undefined) {
    const whose = organisationId === null ? 'any organisation' : `organisation ${organisationId}`;
    throw problem(`There is no member ${email === null ? '' : `${email} `}of ${whose}.`);
  }
  if (another !== undefined) throw problem('There are several organisations; name one of them.');
  return owner;
}

function problem(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
