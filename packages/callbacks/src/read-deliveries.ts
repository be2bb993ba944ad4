import type { Db } from '@runfleet/db';
import { type CallbackEvent, type Micros, RunfleetError } from '@runfleet/protocol';

export const DELIVERY_STATES = ['open', 'delivered', 'failed', 'gone'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export type Delivery = {
  id: string;
  /** Null for a test. */
  taskId: string | null;
  /** Null for the address of a Run, and for a test. */
  endpointId: string | null;
  event: CallbackEvent;
  url: string;
  state: DeliveryState;
  attempts: number;
  /** When its next attempt is due; only while it is open. */
  dueAt: Micros | null;
  createdAt: Micros;
  closedAt: Micros | null;
};

export type LoggedAttempt = {
  attempt: number;
  at: Micros;
  durationMs: number;
  status: number | null;
  error: string | null;
  contentType: string | null;
  body: string;
};

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A page of a project's deliveries by their age, and how many match. */
export async function listDeliveries(
  ctx: { db: Db },
  page: {
    projectId: string;
    taskId: string | null;
    state: DeliveryState | null;
    start: number;
    limit: number;
    order: 'ASC' | 'DESC';
  },
): Promise<{ total: number; deliveries: Delivery[] }> {
  const { sql } = ctx.db;
  const { projectId, taskId, state } = page;
  const matches = sql`project_id = ${projectId}
    ${taskId === null ? sql`` : sql`and task_id = ${taskId}`}
    ${state === null ? sql`` : sql`and state = ${state}`}`;
  const [counted, deliveries] = await Promise.all([
    sql<{ total: string }[]>`select count(*) as total from callback_deliveries where ${matches}`,
    sql<Delivery[]>`
      select ${columns(ctx.db)} from callback_deliveries where ${matches}
      order by created_at ${sql.unsafe(page.order)}, id limit ${page.limit} offset ${page.start}`,
  ]);
  return { total: Number(counted[0]?.total ?? 0), deliveries: [...deliveries] };
}

/** A project's delivery and its attempts. Throws `callback_not_found`, also for another project's. */
export async function readDelivery(
  ctx: { db: Db },
  { projectId, id }: { projectId: string; id: string },
): Promise<{ delivery: Delivery; attempts: LoggedAttempt[] }> {
  const { sql } = ctx.db;
  const [delivery] = isDeliveryId(id)
    ? await sql<Delivery[]>`
        select ${columns(ctx.db)} from callback_deliveries
        where project_id = ${projectId} and id = ${id}`
    : [];
  if (!delivery) throw callbackNotFound();
  const attempts = await sql<LoggedAttempt[]>`
    select attempt, at, duration_ms as "durationMs", status, error, content_type as "contentType",
      body
    from callback_attempts where delivery_id = ${id} order by attempt`;
  return { delivery, attempts: [...attempts] };
}

export function isDeliveryId(id: string): boolean {
  return UUID.test(id);
}

export function callbackNotFound(): RunfleetError {
  return new RunfleetError('callback_not_found', 'There is no such callback in this project.');
}

function columns({ sql }: Db) {
  return sql`id, task_id as "taskId", endpoint_id as "endpointId", event, url, state, attempts,
    case when state = 'open' then due_at end as "dueAt", created_at as "createdAt",
    closed_at as "closedAt"`;
}
