import { EngineError } from '../engine-error.ts';
import type { GenerateRequest, Prepared } from '../engine.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { mebibytes } from '../runtime/memory-plan.ts';
import { encodeChatInSteps } from '../text/encode-chat.ts';
import { runInTurns } from '../text/in-steps.ts';
import type { OpenedModel } from './thread-messages.ts';

/** Template, ids and length. A prompt must leave room for `minTokens`, and for one token at least. */
export async function preparePrompt(
  request: GenerateRequest,
  model: Pick<ModelFolder, 'family' | 'tokenizer'> &
    Pick<OpenedModel, 'contextLength' | 'cacheBytesPerToken'>,
): Promise<Prepared> {
  const { family, tokenizer, contextLength, cacheBytesPerToken } = model;
  const { messages } = request;
  const room = contextLength - Math.max(1, request.minTokens);

  // No token covers more characters, so this much text has too many tokens; it is not worth counting.
  const chars = messages.reduce((total, { content }) => total + content.length, 0);
  if (chars > contextLength * tokenizer.tokenCharsMax) {
    throw new EngineError(
      'input',
      `messages hold ${chars} characters, more than ${contextLength} tokens can say. Shorten it.`,
    );
  }

  const promptIds = await runInTurns(encodeChatInSteps(family.chatParts(messages), tokenizer));
  if (promptIds.length > room) {
    throw new EngineError(
      'input',
      `The prompt is ${promptIds.length} tokens long, whose cache takes ${mebibytes(promptIds.length * cacheBytesPerToken)}; with minTokens ${request.minTokens} at most ${room} fit the context of ${contextLength}, which takes ${mebibytes(contextLength * cacheBytesPerToken)}. Shorten it.`,
    );
  }
  return { promptIds, request };
}
