import { parseLabels } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { workerLabels } from './worker-labels.ts';

test('a worker carries what it is given and what it knows, and the former goes before', () => {
  expect(
    workerLabels(['zone=a', 'device=H100'], {
      provider: 'cuda',
      device: 'NVIDIA H100 80GB HBM3',
      host: 'gpu-7.rack-2',
    }),
  ).toEqual(['device=H100', 'host=gpu-7.rack-2', 'provider=cuda', 'zone=a']);
});

test.each([
  ['Intel(R) Xeon(R) CPU @ 2.20GHz', ['device=Intel-R-Xeon-R-CPU-2.20GHz']],
  ['AMD EPYC ', ['device=AMD-EPYC']],
  ['(none)', ['device=none']],
  ['???', []],
  ['', []],
  ['x'.repeat(80), [`device=${'x'.repeat(63)}`]],
])('the device %j makes %j, which a task can ask for', (device, labels) => {
  expect(workerLabels([], { device })).toEqual(labels);
  expect(parseLabels(labels.join(','))).toEqual(labels);
});
