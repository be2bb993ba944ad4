import type { Db } from '@runfleet/db';
import { RunfleetError } from '@runfleet/protocol';
import type { CallbackJob } from '@runfleet/queue';

import { type Clock, nowIn } from './clock.ts';
import { callbackNotFound, readDelivery } from './read-deliveries.ts';

type Ctx = Clock & { db: Db };
type Ordered = { id: string; job: CallbackJob };

/** Attempts of one delivery, however often it is sent again by hand. */
const ATTEMPTS_MAX = 100;
/** Tests of one project that have not ended. */
const OPEN_TESTS_MAX = 10;

/** Sends a closed delivery again, under its id and from the start of the schedule. */
export async function redeliver(
  ctx: Ctx,
  { projectId, id }: { projectId: string; id: string },
): Promise<Ordered> {
  const { delivery } = await readDelivery(ctx, { projectId, id });
  if (delivery.attempts >= ATTEMPTS_MAX) {
    throw new RunfleetError('invalid_request', `This callback was sent ${ATTEMPTS_MAX} times.`);
  }
  const { sql } = ctx.db;
  const [opened] = await sql<{ organisationId: string; attempt: number }[]>`
    update callback_deliveries
    set state = 'open', failures = 0, due_at = ${nowIn(sql, ctx)}, leased_until = null,
      closed_at = null
    where project_id = ${projectId} and id = ${id} and state <> 'open'
    returning organisation_id as "organisationId", attempts as attempt`;
  if (!opened) {
    throw new RunfleetError(
      'invalid_request',
      'This callback is not closed yet. Wait for its end.',
    );
  }
  return { id, job: { deliveryId: id, ...opened } };
}

/** Sends a callback without a task. `url` is one that may be called. */
export async function sendTest(ctx: Ctx, test: { projectId: string; url: URL }): Promise<Ordered> {
  const { projectId, url } = test;
  const { sql } = ctx.db;
  const now = nowIn(sql, ctx);
  return sql.begin(async (tx) => {
    // The project's lock, so that tests that come together are counted one after another.
    const [project] = await tx<{ organisationId: string }[]>`
      select organisation_id as "organisationId" from projects
      where id = ${projectId} and revoked_at is null for update`;
    if (!project) throw callbackNotFound();
    const { organisationId } = project;
    const [sent] = await tx<{ id: string }[]>`
      insert into callback_deliveries
        (organisation_id, project_id, event, url, target, due_at, created_at)
      select ${organisationId}, ${projectId}, 'test', ${url.href},
        ${`${organisationId} ${url.origin}`}, ${now}, ${now}
      where (select count(*) from callback_deliveries
        where project_id = ${projectId} and event = 'test' and state = 'open') < ${OPEN_TESTS_MAX}
      returning id`;
    if (!sent) {
      throw new RunfleetError(
        'rate_limited',
        `${OPEN_TESTS_MAX} tests of this project have not ended. Wait for one to end.`,
      );
    }
    return { id: sent.id, job: { organisationId, deliveryId: sent.id, attempt: 0 } };
  });
}
