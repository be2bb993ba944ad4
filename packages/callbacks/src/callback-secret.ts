import { randomBytes } from 'node:crypto';

import type { Db } from '@runfleet/db';
import { type MasterKey, openSecret, sealSecret } from '@runfleet/identity';
import { RunfleetError } from '@runfleet/protocol';

import { type Clock, nowIn } from './clock.ts';
import { formatSecret } from './sign-callback.ts';

type Ctx = Clock & { db: Db; masterKey: MasterKey };

const SECRET_BYTES = 32;
export const OVERLAP_SECONDS_MAX = 30 * 24 * 60 * 60;

/**
 * Gives a project a new secret, which cannot be read again. The old one signs, too, for
 * `overlapSeconds`; one from before it ends now. Throws `invalid_request` if there is no such project.
 */
export async function rotateCallbackSecret(
  ctx: Ctx,
  project: { projectId: string; overlapSeconds: number },
): Promise<string> {
  const { projectId, overlapSeconds } = project;
  const { sql } = ctx.db;
  const secret = formatSecret(randomBytes(SECRET_BYTES));
  const sealed = sealSecret(ctx.masterKey, sealName(projectId), secret);
  const keepsOld = overlapSeconds > 0;
  const changed = await sql`
    update projects set callback_secret = ${sealed},
      previous_callback_secret = case when ${keepsOld} then callback_secret end,
      previous_callback_secret_until = case when ${keepsOld}
        then ${nowIn(sql, ctx)} + make_interval(secs => ${overlapSeconds}) end
    where id = ${projectId} and revoked_at is null`;
  if (changed.count === 0) {
    throw new RunfleetError('invalid_request', `There is no project ${projectId}.`);
  }
  return secret;
}

/** The secrets that sign a project's callbacks now, the newest first; none before the first rotation. */
export async function readCallbackSecrets(ctx: Ctx, projectId: string): Promise<string[]> {
  const { sql } = ctx.db;
  const [row] = await sql<{ current: Buffer | null; previous: Buffer | null }[]>`
    select callback_secret as current,
      case when previous_callback_secret_until > ${nowIn(sql, ctx)}
        then previous_callback_secret end as previous
    from projects where id = ${projectId}`;
  const sealed = [row?.current ?? null, row?.previous ?? null];
  return sealed.flatMap((each) =>
    each === null ? [] : [openSecret(ctx.masterKey, sealName(projectId), each)],
  );
}

/** What a secret is sealed for, so that it does not open as another secret of the project. */
function sealName(projectId: string): string {
  return `${projectId} callbacks`;
}
