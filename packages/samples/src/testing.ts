import fc from 'fast-check';

/** What ends, escapes, interpolates or comments in one of the languages, and what is hard to encode. */
const PIECES: readonly string[] = [
  `" ' \` \\ $ { } # % @ ! ( ) a 0 7f`.split(' '),
  `""" ''' \${ #{ \\( \\u \\x */ /* // ?> <?php <!-- $(id) \${HOME} %s {{x}} signed| EOF`.split(
    ' ',
  ),
  ['\n', '\r', '\t', '\0', ' ', '\u001B[31m', '\u007F', '\u0085', '\u2028', '\u2029', '\u202E'],
  ['\uFEFF', '\uFFFD', '\uFFFF', '\uD800', '\uDC00', '\u{10FFFF}', '\u{E0001}'],
  ['😀', '👩\u200D👧', 'é', 'e\u0301', 'ß', '漢', '\u0627'],
].flat();

/** Texts that a sample must send unchanged. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 24 }),
  fc.string({ maxLength: 24 }),
);
