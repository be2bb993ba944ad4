import { chatParts } from '../families/phi3/chat-parts.ts';
import type { TemplateMessage } from '../text/chat-template/template-message.ts';
import { encodeChatInSteps } from '../text/encode-chat.ts';
import { runAtOnce } from '../text/in-steps.ts';
import type { Tokenizer } from '../text/tokenizer.ts';

/** A prompt as its template writes it. */
export function renderChat(messages: readonly TemplateMessage[]): string {
  return chatParts(messages)
    .map((part) => ('special' in part ? part.special : part.text))
    .join('');
}

/** The ids of a prompt. */
export function encodeChat(messages: readonly TemplateMessage[], tokenizer: Tokenizer): number[] {
  return Array.from(runAtOnce(encodeChatInSteps(chatParts(messages), tokenizer)));
}
