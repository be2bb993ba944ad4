import type { Role } from './add-member.ts';
import type { Auth } from './auth.ts';

export type Membership = { organisationId: string; organisationName: string; role: Role };

/** The user who is signed in to the dashboard, and their memberships. */
export type Session = {
  userId: string;
  email: string;
  name: string;
  isOperator: boolean;
  /** Oldest first. */
  memberships: Membership[];
};

/** The session of the cookie in `headers`; null without a valid one. */
export async function readSession(auth: Auth, headers: Headers): Promise<Session | null> {
  const user = await auth.readUser(headers);
  if (user === null) return null;
  const memberships = await auth.db.sql<Membership[]>`
    select organisation_id as "organisationId", organisations.name as "organisationName", role
    from memberships join organisations on organisations.id = organisation_id
    where user_id = ${user.id} order by memberships.id`;
  const { id: userId, email, name, isOperator } = user;
  return { userId, email, name, isOperator, memberships };
}
