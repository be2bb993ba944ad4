import type { Db, Sql, Transaction } from '@runfleet/db';

/** Runs verbs in one transaction: if one of them fails, all are rolled back. */
export async function withinTransaction<R>(db: Db, work: (db: Db) => Promise<R>): Promise<R> {
  let result: { value: R } | null = null;
  await db.sql.begin(async (tx) => {
    // A verb that opens its own transaction gets a savepoint.
    const begin = (inner: (tx: Transaction) => Promise<unknown>) => tx.savepoint(inner);
    // Safe: verbs use only the statements and `begin` of a pool, and this transaction has both.
    const sql = Object.assign(tx, { begin }) as unknown as Sql;
    result = { value: await work({ ...db, sql }) };
  });
  if (!result) throw new Error('The transaction ended without a result.');
  return (result as { value: R }).value;
}
