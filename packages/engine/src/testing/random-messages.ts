import type { ChatMessage } from '../engine.ts';
import type { SeededRandom } from '../sampling/seeded-random.ts';
import { randomText } from './random-text.ts';

/**
 * A conversation of any order of roles whose texts contain these tokens, parts of them, and white
 * space at their ends.
 */
export function randomMessages(random: SeededRandom, tokens: readonly string[]): ChatMessage[] {
  const upTo = (most: number) => random.nextUint32() % (most + 1);
  const roles = ['system', 'user', 'assistant'] as const;
  return Array.from({ length: 1 + upTo(4) }, () => ({
    role: roles[upTo(2)] ?? 'user',
    content: tokenText(random, tokens),
  }));
}

/** Up to four tokens, parts of them, and other texts. */
export function tokenText(random: SeededRandom, tokens: readonly string[]): string {
  const upTo = (most: number) => random.nextUint32() % (most + 1);
  const piece = () => {
    const token = tokens[upTo(tokens.length - 1)] ?? '';
    const kinds = [randomText(random, 6), token, token.slice(0, upTo(token.length)), ' ', '\n'];
    return [...kinds, token.slice(upTo(token.length))][upTo(kinds.length)] ?? '';
  };
  return Array.from({ length: upTo(4) }, piece).join('');
}
