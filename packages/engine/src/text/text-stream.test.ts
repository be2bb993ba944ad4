import fc from 'fast-check';
import { expect, test } from 'vitest';

import { buildByteLevelTokenizer } from '../builder/byte-level-tokenizer.ts';
import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { TRAINING_PARAGRAPHS } from '../builder/training-text.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { BYTE_LEVEL_FORMS } from '../testing/byte-level-forms.ts';
import { randomText } from '../testing/random-text.ts';
import { Detokenizer } from './detokenizer.ts';
import { byteToken } from './space-mark-spelling.ts';
import { TextStream } from './text-stream.ts';
import { parseTokenizerFile } from './tokenizer-file.ts';
import { Tokenizer } from './tokenizer.ts';

const phi = buildTokenizer(1088);
const byteLevel = buildByteLevelTokenizer(BYTE_LEVEL_FORMS.llama3, TRAINING_PARAGRAPHS.join(), 100);

type Kind = { name: string; tokenizer: Tokenizer; idOfByte: (byte: number) => number };
const KINDS: Kind[] = [
  {
    name: 'a vocabulary with byte fallback',
    tokenizer: phi.tokenizer,
    idOfByte: (byte) => phi.idOf(byteToken(byte)),
  },
  {
    name: 'a byte-level vocabulary',
    tokenizer: new Tokenizer(parseTokenizerFile(byteLevel)),
    idOfByte: (byte) => byte,
  },
];

/** What an answer of these tokens shows, piece by piece. */
function stream(
  detokenizer: Detokenizer,
  ids: readonly number[],
  stopSequences: readonly string[],
): string[] {
  const text = new TextStream({ stopSequences, minTokens: 0 });
  const pieces: string[] = [];
  for (const [index, id] of ids.entries()) {
    const next = text.next(detokenizer.next(id), index + 1);
    pieces.push(next.text);
    if (next.isStopped) return pieces;
  }
  pieces.push(text.end(detokenizer.end()));
  return pieces;
}

/** Text as the tokenizer splits it, or byte by byte, or bytes that are not text at all. */
const answersOf = ({ tokenizer, idOfByte }: Kind) =>
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 40n }), fc.constantFrom('tokens', 'bytes', 'noise'))
    .map(([seed, kind]) => {
      const random = new SeededRandom(seed);
      const text = randomText(random, 12);
      if (kind === 'tokens') return tokenizer.encode(text);
      const bytes =
        kind === 'bytes'
          ? Buffer.from(text)
          : Buffer.from(text).map((byte) => byte ^ (random.nextUint32() % 7 === 0 ? 0xff : 0));
      return Array.from(bytes, idOfByte);
    });

test.each(KINDS)(
  'whatever the tokens of $name are, each piece holds whole characters, and no part of a stop string is shown',
  (kind) => {
    const newStream = (ids: readonly number[], stopSequences: readonly string[]) =>
      stream(new Detokenizer(kind.tokenizer), ids, stopSequences);
    fc.assert(
      fc.property(
        answersOf(kind),
        fc.array(fc.tuple(fc.nat(60), fc.integer({ min: 1, max: 8 })), { maxLength: 3 }),
        (ids, cuts) => {
          const whole = newStream(ids, []).join('');
          const characters = Array.from(whole);
          const sequences = cuts
            .map(([start, length]) => characters.slice(start, start + length).join(''))
            .filter((sequence) => sequence !== '');
          const pieces = newStream(ids, sequences);
          for (const piece of pieces) expect(Buffer.from(piece).toString()).toBe(piece);

          const shown = pieces.join('');
          expect(whole.startsWith(shown)).toBe(true);
          for (const sequence of sequences) expect(shown).not.toContain(sequence);
          const isWhole = shown === whole;
          const isCut = sequences.some((sequence) => whole.startsWith(sequence, shown.length));
          expect(isWhole || isCut).toBe(true);
        },
      ),
      { numRuns: 1_000 },
    );
  },
);
