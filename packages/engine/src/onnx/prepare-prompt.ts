import { callsGrammar } from '@runfleet/grammar';
import { CALL_FORMATS } from '@runfleet/protocol';

import { mayCall } from '../check-tools.ts';
import { EngineError } from '../engine-error.ts';
import type { GenerateRequest, Prepared } from '../engine.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { mebibytes } from '../runtime/memory-plan.ts';
import { encodeChatInSteps } from '../text/encode-chat.ts';
import { runInTurns } from '../text/in-steps.ts';
import { callsOf } from '../text/tools/calls-of.ts';
import type { OpenedModel } from './thread-messages.ts';

/**
 * Applies the template, tokenises and checks the length. A prompt must leave room for `minTokens`,
 * and for at least one token.
 */
export async function preparePrompt(
  request: GenerateRequest,
  model: Pick<ModelFolder, 'chat' | 'tokenizer'> &
    Pick<OpenedModel, 'contextLength' | 'cacheBytesPerToken'>,
  renderMsMax?: number,
): Promise<Prepared> {
  const { chat, tokenizer, contextLength, cacheBytesPerToken } = model;
  const { messages, tools } = request;
  const room = contextLength - Math.max(1, request.minTokens);

  // No token covers more characters, so a longer text certainly has too many tokens and need not be
  // counted.
  const chars = charsOf(request);
  if (chars > contextLength * tokenizer.tokenCharsMax) {
    throw new EngineError(
      'input',
      `messages hold ${chars} characters, more than fit in ${contextLength} tokens. Shorten them.`,
      { isTooLong: true },
    );
  }

  const parts = chat.partsOf(messages, tools, renderMsMax);
  const promptIds = await runInTurns(encodeChatInSteps(parts, tokenizer));
  if (promptIds.length > room) {
    throw new EngineError(
      'input',
      `The prompt is ${promptIds.length} tokens long, whose cache takes ${mebibytes(promptIds.length * cacheBytesPerToken)}; with min_tokens ${request.minTokens} at most ${room} fit the context of ${contextLength}, which takes ${mebibytes(contextLength * cacheBytesPerToken)}. Shorten it.`,
      { isTooLong: true },
    );
  }
  // A minimum of tokens would force further calls where they may follow.
  const parallelToolCalls = request.parallelToolCalls && request.minTokens === 0;
  const calls = callsGrammar({ ...request, parallelToolCalls }, CALL_FORMATS[chat.callFormat]);
  return {
    promptIds,
    request: { ...request, grammar: request.grammar ?? calls },
    callFormat: mayCall(request) ? chat.callFormat : null,
  };
}

/** All text of the tenant in the prompt, or less. */
export function charsOf({ messages, tools }: GenerateRequest): number {
  let chars = 0;
  for (const message of messages) {
    chars += message.content.length;
    for (const call of callsOf(message)) chars += call.name.length;
  }
  for (const { name, description } of tools) chars += name.length + description.length;
  return chars;
}
