import { findModel } from '@runfleet/models';
import { MESSAGES, RunfleetError, type ToolAnswer } from '@runfleet/protocol';

import type { ApiContext, ApiHandler, RememberedStats } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { toolSummaryWire, toolWire } from '../wire/tool-wire.ts';
import { isSet, openToolCall } from './open-tool-call.ts';

/** `POST /v1/Tool/Detail`: one model by its slugs. */
export function readToolDetail(ctx: ApiContext, stats: RememberedStats): ApiHandler {
  return async (c) => {
    const body = await openToolCall(ctx, c);
    const model = findModel(readSlug(body, 'slugowner'), readSlug(body, 'slugproject'));
    if (!model) throw new RunfleetError('model_not_found', MESSAGES.modelNotFound);
    const counts = await stats.read();
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
