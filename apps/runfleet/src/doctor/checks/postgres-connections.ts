import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askPostgres } from './ask-postgres.ts';

/** The most connections that one role opens. */
const CONNECTIONS_OF_A_ROLE = 14;

export function checkPostgresConnections(ctx: CheckContext): Promise<Finding> {
  return askPostgres(ctx, async (sql) => {
    const [row] = await sql<{ allowed: number; used: number }[]>`
      select current_setting('max_connections')::int
          - current_setting('superuser_reserved_connections')::int as allowed,
        (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`;
    return judgeConnections(row ?? { allowed: 0, used: 0 });
  });
}

/** One more role must fit, because a new one starts while its predecessor still runs. */
export function judgeConnections({ allowed, used }: { allowed: number; used: number }): Finding {
  const free = allowed - used;
  const found = `${free} of ${allowed} connections are free`;
  return free >= CONNECTIONS_OF_A_ROLE
    ? ok(found)
    : problem(
        `${found}; a role opens up to ${CONNECTIONS_OF_A_ROLE}`,
        "Raise Postgres's max_connections and restart it, or stop other clients.",
      );
}
