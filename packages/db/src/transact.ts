import type { Sql, Statement, Transaction } from './connect.ts';

/**
 * The second half of a transaction: its result, and its writes, which do not depend on each
 * other's results.
 */
export type Writes<R> = { result: R; write: (tx: Transaction) => readonly Statement[] };

/**
 * One transaction that sends its commit together with its writes, which saves one of four round
 * trips. `decide` gets what was read, under the locks that the reads took, and must be
 * synchronous. Rejects if any statement fails; then nothing was written, unless the connection was
 * lost during the commit.
 */
export async function transact<T, R>(
  sql: Sql,
  read: (tx: Transaction) => Promise<T>,
  decide: (snapshot: T) => Writes<R>,
): Promise<R> {
  let sent: readonly Promise<unknown>[] = [];
  const { result } = await sql.begin(async (tx) => {
    const decided = decide(await read(tx));
    // Sent without waiting, so that `begin` sends the commit right behind them. If a write fails,
    // Postgres rolls back instead, and the write's promise rejects.
    sent = decided.write(tx).map((statement) => statement.execute());
    return { result: decided.result };
  });
  await Promise.all(sent);
  return result;
}
