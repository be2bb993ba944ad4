import type { Db } from '@runfleet/db';
import { RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

type Owner = { organisationId: string; ownerId: string };

/**
 * The organisation and owner of a new project: the organisation may be omitted if there is only
 * one, and the owner is the member with that e-mail, or the first owner. Throws `invalid_request`
 * if there is none.
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
