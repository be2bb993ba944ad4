import type { Catalogue } from '@runfleet/catalog';
import type { Db, Transaction } from '@runfleet/db';

import { readCatalogue } from './read-catalogue.ts';

/** Of the transaction: two operators at once would give one version or one path to two documents. */
const PUBLISHING_LOCK = 7_268_653;

/** Changes the table, one operator at a time, knowing all that is in it. */
export async function changeModels<R>(
  db: Db,
  change: (tx: Transaction, catalogue: Catalogue) => Promise<R>,
): Promise<R> {
  return db.sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${PUBLISHING_LOCK})`;
    const { catalogue, unreadable } = await readCatalogue({ db: { sql: tx } });
    if (unreadable.length > 0) {
      throw new Error(
        `A newer version of Runfleet published ${unreadable.join(', ')}. Use that version's command.`,
      );
    }
    return change(tx, catalogue);
  }) as Promise<R>;
}
