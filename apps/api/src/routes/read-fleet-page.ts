import { readFleet, readPoolStandings } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { requireOperator } from '../http/caller.ts';

/** `GET /admin/v1/fleet`: queues, workers, running tasks and what leaders see, for operators. Moments are microseconds in strings. */
export function readFleetPage(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const [fleet, standings] = await Promise.all([readFleet(ctx), readPoolStandings(ctx)]);
    return answerJson(c, withStrings({ ...fleet, standings: Object.fromEntries(standings) }));
  };
}

function withStrings(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, entry: unknown) =>
      typeof entry === 'bigint' ? entry.toString() : entry,
    ),
  );
}
