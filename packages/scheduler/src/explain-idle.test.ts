import { expect, test } from 'vitest';

import { explainIdle, type IdleWorker, type Waiting } from './explain-idle.ts';

const ready: IdleWorker = { state: 'ready', labels: ['zone=a'], fit: 'loaded', isLeft: false };
const nothing: Waiting = { lanes: [], held: [] };
const queued: Waiting = { lanes: [[]], held: [] };
const held = (why: 'session' | 'avoided', requires: string[] = []): Waiting => ({
  lanes: [],
  held: [{ requires, why }],
});

test.each([
  ['nothing waits', ready, nothing, 'no_task'],
  ['only tasks of other labels wait', ready, { ...queued, lanes: [['zone=b']] }, 'labels'],
  ['tasks wait but none is picked', ready, queued, 'tenants_parked'],
  ['its memory is taken', { ...ready, fit: 'none' as const }, queued, 'memory'],
  ['it is left to another pool', { ...ready, isLeft: true }, queued, 'left'],
  ['a task waits for its session’s worker', ready, held('session'), 'session'],
  ['a task failed on it', ready, held('avoided', ['zone=a']), 'avoided'],
  ['a task of other labels is held back', ready, held('session', ['zone=b']), 'labels'],
  ['it drains', { ...ready, state: 'draining' as const }, queued, 'draining'],
  ['it is quarantined', { ...ready, state: 'quarantined' as const }, nothing, 'quarantined'],
])('the reason is given if %s', (_, worker, waiting, reason) => {
  expect(explainIdle(worker, waiting)).toBe(reason);
});
