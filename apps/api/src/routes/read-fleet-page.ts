import { readFleet } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { requireOperator } from '../http/caller.ts';

/** `GET /admin/v1/fleet`: queues, workers and running tasks, for operators. Moments are microseconds in strings. */
export function readFleetPage(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    return answerJson(c, withStrings(await readFleet(ctx)));
  };
}

function withStrings(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, entry: unknown) =>
      typeof entry === 'bigint' ? entry.toString() : entry,
    ),
  );
}
