import { EngineError } from '../engine-error.ts';
import type { ChatPart } from '../families/model-family.ts';
import { IdBuffer } from './id-buffer.ts';
import type { AddedToken } from './tokenizer-file.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * Encodes a prompt, yielding every millisecond or two so that a long one does not block the event
 * loop. Only the template writes special tokens: a user who writes `<|end|>` gets those characters
 * and not the token, so they cannot close their own turn and speak as the system.
 */
export function* encodeChatInSteps(
  parts: readonly ChatPart[],
  tokenizer: Tokenizer,
): Generator<undefined, Int32Array> {
  const ids = new IdBuffer();
  let stripsNext = false;
  for (const [index, part] of parts.entries()) {
    if ('special' in part) {
      const token = findSpecial(part.special, tokenizer);
      ids.push(token.id);
      stripsNext = token.rstrip;
      continue;
    }
    const following = parts[index + 1];
    const stripsThis =
      following && 'special' in following && findSpecial(following.special, tokenizer).lstrip;
    // Releases of the tokenizer differ in whether a special token removes the white space beside it.
    const start = stripsNext ? skipSpace(part.text, 0, 1) : 0;
    const end = stripsThis ? skipSpace(part.text, part.text.length - 1, -1) + 1 : part.text.length;
    for (const id of yield* tokenizer.encodeInSteps(part.text.slice(start, end))) ids.push(id);
    // Also yield between texts: many texts too short to yield in add up.
    yield;
  }
  return ids.from(0);
}

/** A loop instead of a regular expression, which would retry at each of a million spaces. */
function skipSpace(text: string, from: number, step: 1 | -1): number {
  let at = from;
  while (/^\p{White_Space}$/u.test(text.charAt(at))) at += step;
  return at;
}

function findSpecial(content: string, tokenizer: Tokenizer): AddedToken {
  const token = tokenizer.findAdded(content);
  if (token) return token;
  throw new EngineError(
    'model',
    `tokenizer.json lacks the special token ${content} of its family's chat template.`,
  );
}
