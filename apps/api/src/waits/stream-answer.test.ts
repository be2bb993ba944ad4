import type { EventPage } from '@runfleet/events';
import type { TaskAnswer } from '@runfleet/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { streamAnswer } from './stream-answer.ts';
import { TaskWaits } from './task-waits.ts';

const ANSWER: TaskAnswer = { total: '1', errors: [], tasklist: [], result: true };
const WAIT_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A stream of a task whose pages a test passes on. */
function aStream() {
  let deliver: (page: EventPage | null) => void = () => {};
  const waits = new TaskWaits(
    {
      async *followPages(_taskId, _afterSeq, signal) {
        for (;;) {
          const page = await new Promise<EventPage | null>((resolve) => {
            deliver = resolve;
            signal.addEventListener('abort', () => resolve(null));
          });
          if (page === null) return;
          yield page;
        }
      },
      watchEnd: () => ({ [Symbol.dispose]() {} }),
    },
    { waitMs: WAIT_MS, waitsMax: 1, perProject: 1 },
  );
  const stream = streamAnswer(
    { id: '7', token: 't', isRepeat: false, organisationId: '1', wait: waits.open('1') },
    {
      readAnswer: () => Promise.resolve(ANSWER),
      cutShort: () => ({ errors: [{ code: 0, message: 'Cut.' }], result: false }),
      onBytes: () => {},
    },
  );
  const reader = stream.getReader();
  return {
    waits,
    pass: (events: unknown[]) => deliver({ events, isLive: true } as EventPage),
    end: () => deliver(null),
    next: async () => {
      const { value } = await reader.read();
      return value === undefined ? null : new TextDecoder().decode(value);
    },
  };
}

test('a stream with nothing to send sends a comment every 15 s, until its end', async () => {
  const { waits, next, end } = aStream();
  expect(await next()).toMatch(/^event: start\n/);
  for (let time = 0; time < 3; time += 1) {
    const comment = next();
    await vi.advanceTimersByTimeAsync(14_990);
    const isSent = await Promise.race([comment.then(() => true), Promise.resolve(false)]);
    expect({ time, isSent }).toEqual({ time, isSent: false });
    await vi.advanceTimersByTimeAsync(20);
    expect(await comment).toBe(': keep-alive\n\n');
  }
  const last = next();
  end();
  expect(await last).toBe(`event: done\ndata: ${JSON.stringify(ANSWER)}\n\n`);
  expect(await next()).toBeNull();
  expect(waits.count).toBe(0);
});

const output = (raw: string) => ({
  type: 'task_output',
  taskId: '7',
  payload: { raw, calls: [], end: null },
});

test('the first output follows the start at once, and the next one after 200 ms', async () => {
  // The process has run for a minute.
  await vi.advanceTimersByTimeAsync(60_000);
  const { next, pass, end } = aStream();
  expect(await next()).toMatch(/^event: start\n/);
  const first = next();
  pass([{ type: 'task_start', taskId: '7', payload: {} }]);
  await vi.advanceTimersByTimeAsync(5);
  pass([output('a')]);
  await vi.advanceTimersByTimeAsync(0);
  expect(await Promise.race([first, Promise.resolve('late')])).toMatch(/^event: task_output\n/);
  const second = next();
  pass([output('b')]);
  await vi.advanceTimersByTimeAsync(150);
  expect(await Promise.race([second, Promise.resolve('early')])).toBe('early');
  await vi.advanceTimersByTimeAsync(100);
  expect(await second).toContain('ab');
  end();
});

test('a run that starts over forgets its first output, also one that was not sent', async () => {
  const { next, pass, end } = aStream();
  await next();
  const first = next();
  pass([output('old'), { type: 'task_queue', taskId: '7', payload: {} }]);
  await vi.advanceTimersByTimeAsync(10);
  end();
  expect(await first).toMatch(/^event: done\n/);
});

test('waits end in the order in which they began, each after the longest wait', async () => {
  const ends: [string, string, number][] = [];
  const waits = new TaskWaits(
    { followPages: () => expect.fail(), watchEnd: () => ({ [Symbol.dispose]() {} }) },
    { waitMs: 1_000, waitsMax: 3, perProject: 3 },
  );
  const beganAt = performance.now();
  for (const id of ['1', '2', '3']) {
    const wait = waits.open('project');
    void wait.untilEnd(id).then((end) => {
      ends.push([id, end, performance.now() - beganAt]);
      wait[Symbol.dispose]();
    });
    if (id === '2') wait.end('left');
    await vi.advanceTimersByTimeAsync(400);
  }
  await vi.advanceTimersByTimeAsync(5_000);
  expect(ends).toEqual([
    ['2', 'left', 400],
    ['1', 'timeout', 1_000],
    ['3', 'timeout', 1_800],
  ]);
  expect(waits.count).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
