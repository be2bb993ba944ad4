import { readSchemaState, requireOwnSchema } from '@runfleet/db';
import { NotReadyError } from '@runfleet/service';

import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

/** Checks that the database has every migration of this code and no later one. */
export function checkPostgresSchema(ctx: CheckContext): Promise<Finding> {
  return askPostgres(ctx, async (sql) => {
    const state = await readSchemaState(sql);
    try {
      requireOwnSchema(state);
      return ok(`up to date (migrations: ${state.known})`);
    } catch (error) {
      if (!(error instanceof NotReadyError)) throw error;
      return problem(error.found, error.next);
    }
  });
}
