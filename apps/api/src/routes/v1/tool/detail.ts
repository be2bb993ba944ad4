import { toolAnswerSchema, MESSAGES, RunfleetError, type ToolAnswer } from '@runfleet/protocol';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { isSet } from '../../../calls/is-set.ts';
import { openToolCall } from '../../../calls/open-tool-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { toolSummaryWire, toolWire } from '../../../wire/tool-wire.ts';

/** One model of the catalogue, by its slugs. */
export const toolDetailRoute: Route = {
  call: 'POST /v1/tool/detail',
  answer: toolAnswerSchema,
  open: readToolDetail,
};

function readToolDetail(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const body = await openToolCall(ctx, c);
    const [owner, name] = [readSlug(body, 'slugowner'), readSlug(body, 'slugproject')];
    const model = ctx.catalogue.current.find(owner, name);
    if (!model) throw new RunfleetError('model_not_found', MESSAGES.modelNotFound);
    const counts = await ctx.modelStatistics.read();
    const wire = isSet(body['summary']) ? toolSummaryWire : toolWire;
    const tool = [wire(model, counts.get(model.id))];
    return answerJson<ToolAnswer>(c, { errors: [], tool, result: true });
  };
}

function readSlug(body: Readonly<Record<string, unknown>>, name: string): string {
  const slug = body[name];
  if (typeof slug === 'string' && slug !== '') return slug;
  throw new RunfleetError('invalid_request', MESSAGES.parameterRequired(name));
}
