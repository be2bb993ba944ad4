import { expect, test } from 'vitest';

import { byteCount, gigabytes } from './bytes.ts';

test.each([
  [2_400_000, '<0.1 GB'],
  [50_000_000, '0.1 GB'],
  [2_180_000_000, '2.2 GB'],
  [141_300_000_000, '141 GB'],
])('%s bytes are %s', (bytes, shown) => expect(gigabytes(bytes)).toBe(shown));

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 KB'],
  [9_960, '10 KB'],
  [999_600, '1.0 MB'],
  [12_345_678, '12 MB'],
  [2_000_000_000_000, '2000 GB'],
])('a file of %s bytes has %s', (bytes, shown) => expect(byteCount(bytes)).toBe(shown));
