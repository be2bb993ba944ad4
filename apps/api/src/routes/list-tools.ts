import { cleanSlug, type Model, MODELS, slugOf } from '@runfleet/models';

import type { ApiContext, ApiHandler, RememberedStats } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { toolWire } from '../wire/tool-wire.ts';
import { isSet, openToolCall } from './open-tool-call.ts';
import { readPage } from './page-parameters.ts';

/** `POST /v1/Tool/List`: the catalogue, filtered and paged; `total` counts all that match. */
export function listTools(ctx: ApiContext, stats: RememberedStats): ApiHandler {
  return async (c) => {
    const body = await openToolCall(ctx, c);
    const { start, limit, order } = readPage(body, 'ASC');
    const matching = MODELS.filter((model) => isMatch(model, body)).toSorted(
      (a, b) => (Number(a.id) - Number(b.id)) * (order === 'ASC' ? 1 : -1),
    );
    const counts = await stats.read();
    const tool = matching
      .slice(start, start + limit)
      .map((model) => toolWire(model, counts.get(model.id), isSet(body['summary'])));
    return answerJson(c, { total: matching.length, errors: [], tool, result: true });
  };
}

function isMatch(model: Model, body: Readonly<Record<string, unknown>>): boolean {
  const search = textOf(body['search']).toLowerCase();
  const owner = textOf(body['slugowner']);
  const about = [slugOf(model), model.description, ...model.tags, ...model.categories];
  return (
    about.join('\n').toLowerCase().includes(search) &&
    (owner === '' || cleanSlug(owner) === cleanSlug(model.owner)) &&
    hasAny(model.categories, body['categories']) &&
    hasAny(model.tags, body['tags'])
  );
}

/** No wish is met by everything. */
function hasAny(owned: readonly string[], wanted: unknown): boolean {
  const list = Array.isArray(wanted) ? wanted : [wanted];
  const names = list.map(textOf).filter((name) => name !== '');
  return names.length === 0 || names.some((name) => owned.includes(name));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
