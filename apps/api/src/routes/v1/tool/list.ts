import { cleanSlug, type Model } from '@runfleet/catalog';
import { toolListAnswerSchema, type ToolListAnswer } from '@runfleet/protocol';
import type { ModelStatistics } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { isSet } from '../../../calls/is-set.ts';
import { openToolCall } from '../../../calls/open-tool-call.ts';
import { readPage } from '../../../calls/read-page.ts';
import { readSearch, relevanceOf } from '../../../calls/search-models.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { toolSummaryWire, toolWire } from '../../../wire/tool-wire.ts';

/** The catalogue, filtered, sorted and paged. */
export const toolListRoute: Route = {
  call: 'POST /v1/tool/list',
  answer: toolListAnswerSchema,
  open: listTools,
};

function listTools(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const body = await openToolCall(ctx, c);
    const words = readSearch(body, 'search');
    const rank = RANKS.get(textOf(body['sort'])) ?? byId;
    const { start, limit, order } = readPage(body, rank === byId ? 'ASC' : 'DESC');
    const counts = await ctx.modelStatistics.read();
    const found = ctx.catalogue.current.offered
      .filter((model) => isMatch(model, body) && (words === null || relevanceOf(model, words) > 0))
      .map((model) => ({ model, rank: rank(model, { words, statistics: counts.get(model.id) }) }));
    const sign = order === 'ASC' ? 1 : -1;
    const matching = found.toSorted(
      (a, b) => (a.rank - b.rank) * sign || byId(a.model) - byId(b.model),
    );
    const wire = isSet(body['summary']) ? toolSummaryWire : toolWire;
    const tool = matching
      .slice(start, start + limit)
      .map(({ model }) => wire(model, counts.get(model.id)));
    return answerJson<ToolListAnswer>(c, {
      total: matching.length,
      errors: [],
      tool,
      result: true,
    });
  };
}

type Rank = (
  model: Model,
  seen: { words: readonly string[] | null; statistics: ModelStatistics | undefined },
) => number;

const byId = (model: Model) => Number(model.id);

/** Other sort keys belong to other catalogues; here they sort by id. */
const RANKS: ReadonlyMap<string, Rank> = new Map([
  ['relevance', (model, { words }) => (words === null ? 0 : relevanceOf(model, words))],
  ['runcount', (_, { statistics }) => statistics?.runCount ?? 0],
]);

function isMatch(model: Model, body: Readonly<Record<string, unknown>>): boolean {
  const owner = textOf(body['slugowner']);
  return (
    (owner === '' || cleanSlug(owner) === cleanSlug(model.owner)) &&
    hasAny(model.categories, body['categories']) &&
    hasAny(model.tags, body['tags'])
  );
}

/** Without a wanted name everything matches. */
function hasAny(owned: readonly string[], wanted: unknown): boolean {
  const list = Array.isArray(wanted) ? wanted : [wanted];
  const names = list.map((name) => textOf(name).toLowerCase()).filter((name) => name !== '');
  return names.length === 0 || owned.some((name) => names.includes(name.toLowerCase()));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
