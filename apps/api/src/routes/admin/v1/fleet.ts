import { fleetSchema, type Fleet } from '@runfleet/protocol';
import { readFleet, readPoolReports } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { answerJson } from '../../../http/answer.ts';
import { requireOperator } from '../../../http/caller.ts';
import type { Route } from '../../../route.ts';

/** Queues, workers, running tasks and what the leaders of the pools see. */
export const fleetRoute: Route = {
  call: 'GET /admin/v1/fleet',
  answer: fleetSchema,
  open: readFleetPage,
};

function readFleetPage(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const [fleet, reports] = await Promise.all([readFleet(ctx), readPoolReports(ctx)]);
    return answerJson<Fleet>(c, onWire({ ...fleet, standings: Object.fromEntries(reports) }));
  };
}

/** JSON has no bigint, so moments become decimal strings. */
type OnWire<Value> = Value extends bigint
  ? string
  : Value extends readonly (infer Item)[]
    ? OnWire<Item>[]
    : Value extends object
      ? { [Key in keyof Value]: OnWire<Value[Key]> }
      : Value;

function onWire<Value>(value: Value): OnWire<Value> {
  return JSON.parse(
    JSON.stringify(value, (_, entry: unknown) =>
      typeof entry === 'bigint' ? entry.toString() : entry,
    ),
  ) as OnWire<Value>;
}
