import type { OutputGrammar } from '@runfleet/grammar';

import { GrammarPath } from '../grammar/grammar-path.ts';
import type { Grammars } from '../grammar/grammars.ts';
import type { SeededRandom } from '../sampling/seeded-random.ts';
import { Detokenizer } from '../text/detokenizer.ts';
import type { Tokenizer } from '../text/tokenizer.ts';

const TOKENS_MAX = 400;

/**
 * An answer of random tokens from the masks. One time in four it ends if the mask allows that.
 * Undefined if it is too long.
 */
export function randomAnswer(
  model: { tokenizer: Tokenizer; grammars: Grammars; stopIds: ReadonlySet<number> },
  grammar: OutputGrammar,
  random: SeededRandom,
): string | undefined {
  const { tokenizer, grammars, stopIds } = model;
  const path = new GrammarPath(grammars.open(grammar));
  const detokenizer = new Detokenizer(tokenizer);
  let text = '';
  for (let tokens = 0; tokens < TOKENS_MAX; tokens += 1) {
    const mask = path.mask();
    const ids = Array.from({ length: tokenizer.idCount }, (_, id) => id).filter(
      (id) => (((mask[id >> 5] ?? 0) >>> (id & 31)) & 1) === 1,
    );
    if (ids.length === 0) throw new Error('A mask holds no token.');
    const words = ids.filter((id) => !stopIds.has(id));
    const mayEnd = words.length < ids.length;
    if (words.length === 0 || (mayEnd && random.nextUint32() % 4 === 0))
      return text + detokenizer.end();
    // Closing tokens are preferred; otherwise strings and lists would rarely end.
    const closing = words.filter((id) => /^["\]},0-9]+$/u.test(tokenizer.textOf(id)));
    const choices = closing.length > 0 && random.nextUint32() % 2 === 0 ? closing : words;
    const id = choices[random.nextUint32() % choices.length] ?? 0;
    path.take(id);
    text += detokenizer.next(id);
  }
  return undefined;
}
