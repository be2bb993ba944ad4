import { MODELS } from '@runfleet/models';
import type { ExploreAnswer } from '@runfleet/protocol';

import type { ApiContext, ApiHandler, RememberedStats } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { toolSummaryWire } from '../wire/tool-wire.ts';
import { openToolCall } from './open-tool-call.ts';

/** `POST /v1/Tool/Explore`: the catalogue by category. */
export function exploreTools(ctx: ApiContext, stats: RememberedStats): ApiHandler {
  return async (c) => {
    await openToolCall(ctx, c);
    const counts = await stats.read();
    const categories = [...new Set(MODELS.flatMap((model) => model.categories))];
    const explore = categories.map((category) => ({
      id: category,
      title: category,
      tools: MODELS.filter((model) => model.categories.includes(category)).map((model) =>
        toolSummaryWire(model, counts.get(model.id)),
      ),
    }));
    return answerJson<ExploreAnswer>(c, { errors: [], explore, result: true });
  };
}
