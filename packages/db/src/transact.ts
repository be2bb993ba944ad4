import type { Sql, Statement, Transaction } from './connect.ts';

/** The second half of a transaction: what it answers, and its writes, none of which waits for another. */
export type Writes<R> = { result: R; write: (tx: Transaction) => readonly Statement[] };

/**
 * One transaction whose commit travels with its writes, which saves a round trip of four. `decide`
 * sees what was read, under whatever locks the reads took, and must not wait for anything. Rejects
 * where any statement fails; then nothing was written, unless the connection was lost while
 * committing.
 */
export function transact<T, R>(
  sql: Sql,
  read: (tx: Transaction) => Promise<T>,
  decide: (seen: T) => Writes<R>,
): Promise<R> {
  return new Promise<R>((resolve, reject) => {
    sql
      .begin(async (tx) => {
        const { result, write } = decide(await read(tx));
        const statements = write(tx);
        if (statements.length > 0) {
          // A statement is sent when somebody asks for its result. Sent one after the other here, so
          // that the commit is the last whatever the event loop does.
          const sent = [...statements, tx`commit and chain`].map((statement) =>
            statement.execute(),
          );
          // `begin` commits once more when we return, and then ends the empty transaction that "and
          // chain" opened. After a failed write this one rolls back, and the write's promise rejects.
          await Promise.all(sent);
        }
        resolve(result);
      })
      // What comes after the commit is of no consequence: the promise is settled by then.
      .catch(reject);
  });
}
