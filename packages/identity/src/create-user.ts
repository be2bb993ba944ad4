import type { Db } from '@runfleet/db';
import { hashPassword } from 'better-auth/crypto';

import { findPasswordProblem } from './find-password-problem.ts';

/**
 * Creates a user who can sign in with e-mail and password. There is no route for this. The rows
 * and the hash have better-auth's format; writing them here makes them one transaction.
 */
export async function createUser(
  ctx: { db: Db },
  user: { email: string; password: string; name: string; isOperator: boolean },
): Promise<{ userId: string }> {
  const problem = await findPasswordProblem(user);
  if (problem !== null) throw new Error(problem);
  const password = await hashPassword(user.password);
  const [row] = await ctx.db.sql<{ userId: string }[]>`
    with created as (
      insert into users (email, email_verified, name, is_operator)
      values (${user.email.toLowerCase()}, true, ${user.name}, ${user.isOperator})
      returning id
    )
    insert into credentials (user_id, account_id, provider_id, password)
    select id, id::text, 'credential', ${password} from created
    returning user_id as "userId"`;
  if (!row) throw new Error('Postgres returned no user.');
  return row;
}
