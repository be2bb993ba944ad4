import { hash } from 'node:crypto';

import {
  answeredCalls,
  givesSystemPrompt,
  grammarOf,
  limitsOf,
  parseChatParameters,
  useLimits,
  withFileTexts,
} from '@runfleet/catalog';
import { MESSAGES, RunfleetError } from '@runfleet/protocol';
import { isRepeat, type NewTask } from '@runfleet/tasks';

import type { ApiContext, ApiRequest } from '../api-context.ts';
import { identifyCaller, resolvePrincipal } from '../http/caller.ts';
import { readRunOptions } from '../http/read-run-options.ts';
import { requestHash } from '../http/request-hash.ts';
import { readOptionalCallbackUrl } from './read-callback-url.ts';
import { readFileTexts } from './read-file-texts.ts';
import { readRunBody } from './read-run-body.ts';
import { requireFits } from './require-fits.ts';

const SEEDS = 2 ** 48;

/** The task that a Run asks for: who asks, for which model, with which parameters and options. */
export async function readRun(ctx: ApiContext, c: ApiRequest): Promise<NewTask> {
  const { admission, limits, unknownLabels } = ctx.settings;
  const caller = await identifyCaller(ctx, c);
  const { owner = '', name = '' } = c.req.param();
  const catalogue = ctx.catalogue.current;
  if (!catalogue.takesRuns(owner, name)) {
    throw new RunfleetError('model_not_found', MESSAGES.modelNotFound);
  }

  const { idempotencyKey, ...options } = readRunOptions(c.req.raw.headers);
  const { parameters: body, files } = await readRunBody(ctx, c);
  const { projectid, callbackUrl, ...sent } = body;
  const callback = readOptionalCallbackUrl(callbackUrl, ctx.settings.openNetworks);
  const { model, parameters } = catalogue.choose(owner, name, sent);
  const principal = await resolvePrincipal(ctx, c, caller, projectid);
  // Right before the work: calls that arrived together may have used up what this one counted on.
  ctx.rates.requireCredit(c.var.trace);
  const request = parseChatParameters(parameters, limitsOf(model, limits));
  const grammar = grammarOf(request);
  if (grammar) {
    await ctx.grammars.require(grammar, {
      tenant: principal.organisationId,
      requireCredit: () => ctx.rates.requireCredit(c.var.trace),
      spend: (steps) => ctx.rates.chargeSteps(c.var.trace, steps),
    });
  }
  // A repeat with another address, or other contents of files, is another request.
  const hashed = {
    ...sent,
    ...(callback && { callbackUrl: callback.href }),
    ...(files.length > 0 && { fileHashes: files.map(({ bytes }) => hash('sha256', bytes)) }),
  };
  const idempotency =
    idempotencyKey === null
      ? null
      : { key: idempotencyKey, requestHash: requestHash(model.id, hashed) };
  // The task of an earlier call has its texts, even if a file has been deleted since.
  const isKnown =
    request.inputFiles.length > 0 &&
    idempotency !== null &&
    (await isRepeat(ctx, { projectId: principal.projectId, ...idempotency }));
  const fileTexts = await readFileTexts(ctx, c, {
    organisationId: principal.organisationId,
    projectId: principal.projectId,
    references: isKnown ? [] : request.inputFiles.slice(files.length),
    files: isKnown ? [] : files,
  });
  const messages = withFileTexts(request.messages, fileTexts);
  if (fileTexts) requireFits(messages, (await ctx.contextTokens.read()).get(model.pool));
  return {
    organisationId: principal.organisationId,
    projectId: principal.projectId,
    keyId: 'principal' in caller ? caller.principal.projectId : null,
    ownerId: principal.ownerId,
    model,
    parameters: sent,
    fileTexts,
    // Chosen here by default, so that another attempt writes the same text.
    seed: request.seed ?? BigInt(Math.floor(Math.random() * SEEDS)),
    timeoutSeconds: request.timeoutSeconds,
    limits: useLimits({ ...request, messages }),
    admission,
    unknownLabels,
    callbackUrl: callback?.href ?? null,
    expectedSeconds: null,
    conversation: request.conversation && {
      ...request.conversation,
      givesSystemPrompt: givesSystemPrompt(request.messages),
      callIds: answeredCalls(parameters, request.messages),
    },
    idempotency,
    ...options,
  };
}
