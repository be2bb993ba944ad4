import type { Db } from '@runfleet/db';
import { RunfleetError } from '@runfleet/protocol';

import { type CreatedProject, makeCredentials } from './create-project.ts';
import type { MasterKey } from './master-key.ts';

/**
 * Gives a project a new key, and a new secret if it has one. The old ones stay valid for
 * `overlapSeconds`; those of an earlier rotation end now. Throws `invalid_request` if there is no
 * such project or it is revoked.
 */
export async function rotateProject(
  ctx: { db: Db; masterKey: MasterKey },
  project: { projectId: string; overlapSeconds: number },
): Promise<CreatedProject> {
  const { projectId, overlapSeconds } = project;
  return ctx.db.sql.begin(async (sql) => {
    const [found] = await sql<{ authType: 'signature' | 'apikey' }[]>`
      select auth_type as "authType" from projects
      where id = ${projectId} and revoked_at is null for update`;
    if (!found) {
      throw new RunfleetError('invalid_request', `There is no project ${projectId} to rotate.`);
    }
    const made = makeCredentials(ctx.masterKey, { projectId, authType: found.authType });
    const keepsOld = overlapSeconds > 0;
    await sql`
      update projects set
        key_hash = ${made.keyHash}, key_hint = ${made.keyHint}, encrypted_secret = ${made.sealed},
        previous_key_hash = case when ${keepsOld} then key_hash end,
        previous_encrypted_secret = case when ${keepsOld} then encrypted_secret end,
        previous_key_until =
          case when ${keepsOld} then now() + make_interval(secs => ${overlapSeconds}) end
      where id = ${projectId}`;
    return { projectId, apiKey: made.apiKey, apiSecret: made.apiSecret };
  });
}
