import { newTaskToken } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { resumeReason } from './resume-reason.ts';

test.each([0, 1, 2, 3, 200])('with %i tasks a close frame has room for the reason', (count) => {
  const places = Array.from({ length: count }, (_, index) => [newTaskToken(), index] as const);
  const reason = resumeReason(places);

  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  const told = Object.entries((JSON.parse(reason) as { resume?: object }).resume ?? {});
  expect(told).toEqual(
    places
      .slice(0, 3)
      .map(([token, seq]) => [token, seq])
      .slice(0, count),
  );
});
