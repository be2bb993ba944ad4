import { EngineError } from '../engine-error.ts';
import type { ChatMessage } from '../engine.ts';
import type { AddedToken } from './tokenizer-file.ts';
import type { Tokenizer } from './tokenizer.ts';

/** The marks of the Phi-3 family's template, and the ids at which an answer ends. */
const MARKS = {
  system: '<|system|>',
  user: '<|user|>',
  assistant: '<|assistant|>',
  end: '<|end|>',
};

export const STOP_MARKS: readonly string[] = [MARKS.end, MARKS.assistant, '<|endoftext|>'];

type Part = { mark: string } | { text: string };

/** The prompt as text, with the mark that asks for an answer at its end. */
export function renderChat(messages: readonly ChatMessage[]): string {
  return chatParts(messages)
    .map((part) => ('mark' in part ? part.mark : part.text))
    .join('');
}

/**
 * The prompt as ids. Only the template places marks: a user who writes `<|end|>` gets those
 * characters, not the token, so nobody can close their own turn and speak as the system.
 */
export function encodeChat(messages: readonly ChatMessage[], tokenizer: Tokenizer): number[] {
  const ids: number[] = [];
  let stripsNext = false;
  const parts = chatParts(messages);
  for (const [index, part] of parts.entries()) {
    if ('mark' in part) {
      const token = findMark(part.mark, tokenizer);
      ids.push(token.id);
      stripsNext = token.rstrip;
      continue;
    }
    const following = parts[index + 1];
    const stripsThis =
      following && 'mark' in following && findMark(following.mark, tokenizer).lstrip;
    // Releases of the tokenizer differ in whether a mark swallows the white space beside it.
    let text = part.text;
    if (stripsNext) text = text.replace(/^\p{White_Space}+/u, '');
    if (stripsThis) text = text.replace(/\p{White_Space}+$/u, '');
    for (const id of tokenizer.encode(text)) ids.push(id);
  }
  return ids;
}

function chatParts(messages: readonly ChatMessage[]): Part[] {
  const parts: Part[] = [];
  for (const { role, content } of messages) {
    if (role === 'system' && content === '') continue;
    parts.push(
      { mark: MARKS[role] },
      { text: `\n${content}` },
      { mark: MARKS.end },
      { text: '\n' },
    );
  }
  parts.push({ mark: MARKS.assistant }, { text: '\n' });
  return parts;
}

function findMark(content: string, tokenizer: Tokenizer): AddedToken {
  const token = tokenizer.findAdded(content);
  if (token) return token;
  throw new EngineError('model', `tokenizer.json lacks ${content}; it is not of the Phi-3 family.`);
}
