import { parseLabels } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { workerLabels } from './worker-labels.ts';

test('a worker has its given and its detected labels, and a given one replaces a detected one', () => {
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
])('the device %j gives the labels %j, which a task can require', (device, labels) => {
  expect(workerLabels([], { device })).toEqual(labels);
  expect(parseLabels(labels.join(','))).toEqual(labels);
});
