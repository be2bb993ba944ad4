import { testWithServers } from '@runfleet/testing';

import { connectDb, type Db } from './connect.ts';
import { migrateDb } from './migrate.ts';

/** A test with a migrated Postgres of its own, and a Redis of its own. */
export const testWithDb = testWithServers('runfleet', migrateDb).extend(
  'db',
  async ({ databaseUrl }, { onCleanup }): Promise<Db> => {
    const db = connectDb(databaseUrl);
    onCleanup(() => db[Symbol.asyncDispose]());
    return db;
  },
);
