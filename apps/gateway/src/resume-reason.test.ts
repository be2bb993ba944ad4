import { newTaskToken } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { resumeReason } from './resume-reason.ts';

test.each([0, 1, 2, 3, 200])('the reason for %i tasks fits into a close frame', (count) => {
  const positions = Array.from({ length: count }, (_, index) => [newTaskToken(), index] as const);
  const reason = resumeReason(positions);

  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  const resumed = Object.entries((JSON.parse(reason) as { resume?: object }).resume ?? {});
  expect(resumed).toEqual(
    positions
      .slice(0, 3)
      .map(([token, seq]) => [token, seq])
      .slice(0, count),
  );
});
