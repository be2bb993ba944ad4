import type { Sql, Statement, Transaction } from './connect.ts';

/** The second half of a transaction: what it answers, and its writes, none of which waits for another. */
export type Writes<R> = { result: R; write: (tx: Transaction) => readonly Statement[] };

/**
 * One transaction whose commit travels with its writes, which saves a round trip of four. `decide`
 * sees what was read, under whatever locks the reads took, and must not wait for anything. Rejects
 * where any statement fails; then nothing was written, unless the connection was lost while
 * committing.
 */
export async function transact<T, R>(
  sql: Sql,
  read: (tx: Transaction) => Promise<T>,
  decide: (seen: T) => Writes<R>,
): Promise<R> {
  let sent: readonly Promise<unknown>[] = [];
  const { result } = await sql.begin(async (tx) => {
    const decided = decide(await read(tx));
    // Sent one after the other and not waited for, so that `begin` sends the commit right behind
    // them. After a write that failed Postgres rolls back instead, and the write's promise rejects.
    sent = decided.write(tx).map((statement) => statement.execute());
    return { result: decided.result };
  });
  await Promise.all(sent);
  return result;
}
