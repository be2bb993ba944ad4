import type { Db, Sql, Transaction } from '@runfleet/db';

/** Runs verbs in one transaction: where one of them fails, none of them did anything. */
export async function withinTransaction<R>(db: Db, work: (db: Db) => Promise<R>): Promise<R> {
  let result: { value: R } | null = null;
  await db.sql.begin(async (tx) => {
    // A verb that opens a transaction of its own gets a savepoint of this one.
    const begin = (inner: (tx: Transaction) => Promise<unknown>) => tx.savepoint(inner);
    // Verbs use a pool for statements and `begin`; a transaction with a `begin` answers both.
    const sql = Object.assign(tx, { begin }) as unknown as Sql;
    result = { value: await work({ ...db, sql }) };
  });
  if (!result) throw new Error('The transaction ended without a result.');
  return (result as { value: R }).value;
}
