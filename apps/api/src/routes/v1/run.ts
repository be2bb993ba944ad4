import { limitsOf, parseChatParameters, useLimits } from '@runfleet/catalog';
import { runAnswerSchema, MESSAGES, type RunAnswer, RunfleetError } from '@runfleet/protocol';
import { createTask } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../api-context.ts';
import { answerJson } from '../../http/answer.ts';
import { identifyCaller, resolvePrincipal } from '../../http/caller.ts';
import { isBlank } from '../../http/is-blank.ts';
import { readParameters } from '../../http/read-parameters.ts';
import { readRunOptions } from '../../http/read-run-options.ts';
import { requestHash } from '../../http/request-hash.ts';
import type { Route } from '../../route.ts';

const SEEDS = 2 ** 48;

/** Creates a task from the parameters of a run. */
export const runRoute: Route = {
  call: 'POST /v1/run/:owner/:name',
  answer: runAnswerSchema,
  open: runModel,
};

function runModel(ctx: ApiContext): ApiHandler {
  const { admission, limits, unknownLabels } = ctx.settings;
  return async (c) => {
    const caller = await identifyCaller(ctx, c);
    const model = ctx.catalogue.current.find(c.req.param('owner') ?? '', c.req.param('name') ?? '');
    if (!model) throw new RunfleetError('model_not_found', MESSAGES.modelNotFound);

    const { idempotencyKey, ...options } = readRunOptions(c.req.raw.headers);
    const { projectid, callbackUrl, ...parameters } = await readParameters(
      ctx,
      c,
      ctx.settings.bodyLimitBytes,
    );
    refuseCallback(callbackUrl);
    const { organisationId, projectId, ownerId } = await resolvePrincipal(
      ctx,
      c,
      caller,
      projectid,
    );
    // Right before the work: calls that arrived together may have used up what this one counted on.
    ctx.rates.requireCredit(c.var.trace);
    const request = parseChatParameters(parameters, limitsOf(model, limits), (steps) => {
      ctx.rates.chargeSteps(c.var.trace, steps);
    });
    const { id, token } = await createTask(ctx, {
      organisationId,
      projectId,
      ownerId,
      model,
      parameters,
      // Chosen here by default, so that another attempt writes the same text.
      seed: request.seed ?? BigInt(Math.floor(Math.random() * SEEDS)),
      timeoutSeconds: request.timeoutSeconds,
      limits: useLimits(request),
      admission,
      unknownLabels,
      expectedSeconds: null,
      idempotency:
        idempotencyKey === null
          ? null
          : {
              key: idempotencyKey,
              requestHash: requestHash(model.id, parameters),
            },
      ...options,
    });
    c.var.trace.taskId = id;
    return answerJson<RunAnswer>(c, {
      errors: [],
      taskid: id,
      socketaccesstoken: token,
      result: true,
    });
  };
}

/** Callbacks are not delivered yet. A caller who gave an address would wait for one. */
function refuseCallback(callbackUrl: unknown): void {
  if (isBlank(callbackUrl)) return;
  throw new RunfleetError(
    'invalid_request',
    'Request parameter [callbackUrl] is not supported. Follow the task with its socketaccesstoken, or ask Task/Detail.',
  );
}
