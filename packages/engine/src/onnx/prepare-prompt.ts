import { EngineError } from '../engine-error.ts';
import type { GenerateRequest, Prepared } from '../engine.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { mebibytes } from '../runtime/memory-plan.ts';
import { encodeChatInSteps } from '../text/encode-chat.ts';
import { runInTurns } from '../text/in-steps.ts';
import type { OpenedModel } from './thread-messages.ts';

/**
 * Applies the template, tokenises and checks the length. A prompt must leave room for `minTokens`,
 * and for at least one token.
 */
export async function preparePrompt(
  request: GenerateRequest,
  model: Pick<ModelFolder, 'chat' | 'tokenizer'> &
    Pick<OpenedModel, 'contextLength' | 'cacheBytesPerToken'>,
): Promise<Prepared> {
  const { chat, tokenizer, contextLength, cacheBytesPerToken } = model;
  const { messages } = request;
  const room = contextLength - Math.max(1, request.minTokens);

  // No token covers more characters, so a longer text certainly has too many tokens and need not be
  // counted.
  const chars = messages.reduce((total, { content }) => total + content.length, 0);
  if (chars > contextLength * tokenizer.tokenCharsMax) {
    throw new EngineError(
      'input',
      `messages hold ${chars} characters, more than fit in ${contextLength} tokens. Shorten them.`,
      { isTooLong: true },
    );
  }

  const promptIds = await runInTurns(encodeChatInSteps(chat.partsOf(messages), tokenizer));
  if (promptIds.length > room) {
    throw new EngineError(
      'input',
      `The prompt is ${promptIds.length} tokens long, whose cache takes ${mebibytes(promptIds.length * cacheBytesPerToken)}; with min_tokens ${request.minTokens} at most ${room} fit the context of ${contextLength}, which takes ${mebibytes(contextLength * cacheBytesPerToken)}. Shorten it.`,
      { isTooLong: true },
    );
  }
  return { promptIds, request };
}
