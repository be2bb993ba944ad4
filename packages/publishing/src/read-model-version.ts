import type { Model } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';

/** The document of an earlier version of a model, as it was published; null if there is none. */
export async function readModelVersion(
  ctx: { db: Db },
  { id }: Pick<Model, 'id'>,
  version: number,
): Promise<unknown> {
  const [row] = await ctx.db.sql<{ document: unknown }[]>`
    select document from models where id = ${id}::bigint and version = ${version}`;
  return row?.document ?? null;
}
