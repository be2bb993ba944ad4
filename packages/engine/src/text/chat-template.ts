import { EngineError } from '../engine-error.ts';
import type { ChatMessage } from '../engine.ts';
import { IdBuffer } from './id-buffer.ts';
import { runAtOnce } from './in-steps.ts';
import type { AddedToken } from './tokenizer-file.ts';
import type { Tokenizer } from './tokenizer.ts';

/** The marks of the Phi-3 family's template, and the ids at which an answer ends. */
const MARKS = {
  system: '<|system|>',
  user: '<|user|>',
  assistant: '<|assistant|>',
  end: '<|end|>',
};

/** Each ends an answer, whatever the configuration says. */
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
  return Array.from(runAtOnce(encodeChatInSteps(messages, tokenizer)));
}

/** The same, stopping every millisecond or two so that a long prompt lets others run. */
export function* encodeChatInSteps(
  messages: readonly ChatMessage[],
  tokenizer: Tokenizer,
): Generator<undefined, Int32Array> {
  const ids = new IdBuffer();
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
    const start = stripsNext ? skipSpace(part.text, 0, 1) : 0;
    const end = stripsThis ? skipSpace(part.text, part.text.length - 1, -1) + 1 : part.text.length;
    for (const id of yield* tokenizer.encodeInSteps(part.text.slice(start, end))) ids.push(id);
  }
  return ids.from(0);
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

/** A loop and not an expression, which would try every space of a million as the first. */
function skipSpace(text: string, from: number, step: 1 | -1): number {
  let at = from;
  while (/^\p{White_Space}$/u.test(text.charAt(at))) at += step;
  return at;
}

function findMark(content: string, tokenizer: Tokenizer): AddedToken {
  const token = tokenizer.findAdded(content);
  if (token) return token;
  throw new EngineError('model', `tokenizer.json lacks ${content}; it is not of the Phi-3 family.`);
}
