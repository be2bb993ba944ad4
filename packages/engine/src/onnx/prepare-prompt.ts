import { EngineError } from '../engine-error.ts';
import type { GenerateRequest, Prepared } from '../engine.ts';
import type { ModelFolder } from '../folder/model-folder.ts';
import { encodeChat, renderChat } from '../text/chat-template.ts';

/** Template, ids and length. A prompt must leave room for `minTokens`, and for one token at least. */
export function preparePrompt(
  request: GenerateRequest,
  model: Pick<ModelFolder, 'tokenizer' | 'contextLength'>,
): Prepared {
  const { tokenizer, contextLength } = model;
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

  const promptIds = Int32Array.from(encodeChat(messages, tokenizer));
  if (promptIds.length > room) {
    throw new EngineError(
      'input',
      `The prompt is ${promptIds.length} tokens long; with minTokens ${request.minTokens} at most ${room} fit the context of ${contextLength}. Shorten it.`,
    );
  }
  return { promptText: renderChat(messages), promptIds, request };
}
