import { describe, expect, test } from 'vitest';

import { queueSentence } from './queue-sentence.ts';

const UNKNOWN = {
  place: null,
  ahead: null,
  waitSeconds: null,
  pauseSeconds: null,
  blocked: null,
};

describe('a queued task is described by its position and wait, if known', () => {
  test.each([
    [1, 0, 'Next in line, about 1 s.'],
    [1, 0.2, 'Next in line, about 1 s.'],
    [2, 3, '2nd in line, about 3 s.'],
    [3, 21.4, '3rd in line, about 20 s.'],
    [11, 119, '11th in line, about 2 m.'],
    [21, 133, '21st in line, about 2 m.'],
    [1002, 7300, '1,002nd in line, about 2 h 2 m.'],
    [3, null, '3rd in line.'],
    [null, 20, 'Starts in about 20 s.'],
    [null, null, null],
  ])('place %s and %s s is "%s"', (place, waitSeconds, sentence) =>
    expect(queueSentence({ ...UNKNOWN, place, waitSeconds })).toBe(sentence),
  );

  test('a task between two attempts has the time of the next one', () => {
    expect(queueSentence({ ...UNKNOWN, pauseSeconds: 8.6 })).toBe(
      'An attempt failed. The next one starts in about 9 s.',
    );
  });
});
