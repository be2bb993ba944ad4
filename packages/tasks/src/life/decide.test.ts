import { describe, expect, test } from 'vitest';

import {
  decideAccept,
  decideAssign,
  decideBegin,
  decideOutput,
  decideRequeue,
  decideStart,
} from './decide.ts';
import type { TaskState } from './task-state.ts';
import { aState, aWorkerState, commit, seen } from './testing-state.ts';

const WORKER = { workerId: 'w' };
const output = (epoch: number, tokens: number) => ({
  epoch,
  tokens,
  raw: `${tokens} `,
  elapsedMs: 1,
});

function assign(state: TaskState): void {
  commit(state, decideAssign(state, { generation: 1 }, seen({ worker: aWorkerState() })));
}

function run(state: TaskState): void {
  assign(state);
  commit(state, decideBegin(state, { epoch: state.epoch, ...WORKER }));
}

describe('a second attempt', () => {
  test('has its first words written, however many the first one wrote', () => {
    const state = aState();
    run(state);
    commit(state, decideOutput(state, output(1, 5)));
    commit(state, decideRequeue(state, { epoch: 1, failure: 'worker_lost' }, seen()));
    run(state);
    const { events } = commit(state, decideOutput(state, output(state.epoch, 1)));
    expect(events).toMatchObject([{ type: 'task_output', payload: { raw: '1 ', tokens: 1 } }]);
  });

  test.for(['accept', 'begin', 'start'] as const)(
    'on the same worker is not moved by an %s of the first one',
    (verb) => {
      const state = aState();
      assign(state);
      commit(state, decideRequeue(state, { epoch: 1, failure: 'worker_stopping' }, seen()));
      assign(state);
      const claim = { epoch: 1, ...WORKER };
      const verbs = { accept: decideAccept, begin: decideBegin, start: decideStart };
      expect(verbs[verb](state, claim)).toEqual({ refused: 'fenced' });
    },
  );
});
