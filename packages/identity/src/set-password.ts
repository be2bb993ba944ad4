import type { Db } from '@runfleet/db';
import { hashPassword } from 'better-auth/crypto';

/**
 * Replaces a user's password and ends their sessions. For operators with access to the database;
 * there is no route for this.
 */
export async function setPassword(
  ctx: { db: Db },
  user: { userId: string; password: string },
): Promise<void> {
  const password = await hashPassword(user.password);
  await ctx.db.sql.begin(async (tx) => {
    await tx`
      update credentials set password = ${password}, updated_at = now()
      where user_id = ${user.userId} and provider_id = 'credential'`;
    await tx`delete from sessions where user_id = ${user.userId}`;
  });
}
