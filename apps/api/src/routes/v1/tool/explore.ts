import { exploreAnswerSchema, type ExploreAnswer } from '@runfleet/protocol';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { openToolCall } from '../../../calls/open-tool-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { toolSummaryWire } from '../../../wire/tool-wire.ts';

/** The catalogue by category. */
export const toolExploreRoute: Route = {
  call: 'POST /v1/tool/explore',
  answer: exploreAnswerSchema,
  open: exploreTools,
};

function exploreTools(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await openToolCall(ctx, c);
    const counts = await ctx.modelStatistics.read();
    const { offered } = ctx.catalogue.current;
    const categories = [...new Set(offered.flatMap((model) => model.categories))];
    const explore = categories.map((category) => ({
      id: category,
      title: category,
      tools: offered
        .filter((model) => model.categories.includes(category))
        .map((model) => toolSummaryWire(model, counts.get(model.id))),
    }));
    return answerJson<ExploreAnswer>(c, { errors: [], explore, result: true });
  };
}
