import type { ChatMessage } from '../../engine.ts';
import type { ChatPart } from '../model-family.ts';

const ROLE_MARKS = { system: '<|system|>', user: '<|user|>', assistant: '<|assistant|>' } as const;
const END_MARK = '<|end|>';

/**
 * The marks that end an answer: the end of its message, the start of another message, the end of
 * the text.
 */
export const STOP_MARKS: readonly string[] = [END_MARK, ROLE_MARKS.assistant, '<|endoftext|>'];

/** The chat template of Phi-3 and Phi-3.5, as published in `tokenizer_config.json`. */
export function chatParts(messages: readonly ChatMessage[]): ChatPart[] {
  const parts: ChatPart[] = [];
  for (const { role, content } of messages) {
    if (role === 'system' && content === '') continue;
    parts.push(
      { mark: ROLE_MARKS[role] },
      { text: `\n${content}` },
      { mark: END_MARK },
      { text: '\n' },
    );
  }
  parts.push({ mark: ROLE_MARKS.assistant }, { text: '\n' });
  return parts;
}
