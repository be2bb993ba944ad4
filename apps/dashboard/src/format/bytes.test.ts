import { expect, test } from 'vitest';

import { gigabytes } from './bytes.ts';

test.each([
  [2_400_000, '<0.1 GB'],
  [50_000_000, '0.1 GB'],
  [2_180_000_000, '2.2 GB'],
  [141_300_000_000, '141 GB'],
])('%s bytes are %s', (bytes, shown) => expect(gigabytes(bytes)).toBe(shown));
