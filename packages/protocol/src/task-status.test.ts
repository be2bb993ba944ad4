import { expect, test } from 'vitest';

import {
  canTransition,
  FAILURE_STATUS,
  INITIAL_STATUS,
  isTerminal,
  LIVE_STATUSES,
  predecessorsOf,
  TASK_LIFE,
  TASK_STATUSES,
} from './task-status.ts';

test('the statuses lead from the queue to the end, and none is skipped', () => {
  const path: string[] = [];
  for (
    let status: keyof typeof TASK_LIFE | null = INITIAL_STATUS;
    status;
    status = TASK_LIFE[status].next
  ) {
    path.push(status);
  }
  expect(path).toEqual([
    'task_queue',
    'task_assign',
    'task_accept',
    'task_preprocess_start',
    'task_preprocess_end',
    'task_start',
    'task_end',
    'task_postprocess_start',
    'task_postprocess_end',
  ]);
});

test('nothing follows a terminal status', () => {
  for (const from of TASK_STATUSES.filter(isTerminal)) {
    expect(TASK_STATUSES.filter((to) => canTransition(from, to))).toEqual([]);
  }
});

test('from every live status a task can be killed and can fail', () => {
  for (const from of LIVE_STATUSES) {
    expect(canTransition(from, 'task_cancel')).toBe(true);
    const isPast = TASK_STATUSES.indexOf(from) >= TASK_STATUSES.indexOf(FAILURE_STATUS);
    expect(canTransition(from, FAILURE_STATUS)).toBe(!isPast);
  }
});

test('only a run that has ended can be postprocessed', () => {
  expect(predecessorsOf('task_postprocess_end')).toEqual(['task_postprocess_start']);
  expect(predecessorsOf('task_postprocess_start')).toEqual(['task_end']);
});

test('a task can be requeued from every live status except the queue', () => {
  expect(predecessorsOf('task_queue')).toEqual(
    LIVE_STATUSES.filter((status) => status !== 'task_queue'),
  );
});

test('a task does not skip a step', () => {
  expect(predecessorsOf('task_start')).toEqual(['task_preprocess_end']);
  expect(canTransition('task_queue', 'task_accept')).toBe(false);
});
