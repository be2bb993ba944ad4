import type { Db } from '@runfleet/db';

export type Role = 'owner' | 'member';

/** Adds a user to an organisation, or changes a member's role. */
export async function addMember(
  ctx: { db: Db },
  member: { organisationId: string; userId: string; role: Role },
): Promise<void> {
  await ctx.db.sql`
    insert into memberships (organisation_id, user_id, role)
    values (${member.organisationId}, ${member.userId}, ${member.role})
    on conflict (organisation_id, user_id) do update set role = excluded.role`;
}
