import { expect, test } from 'vitest';

import { parseLabels } from './labels.ts';

test.each([
  ['', []],
  [' , ', []],
  ['gpu=H100', ['gpu=H100']],
  ['zone=a, gpu=H100,zone=a', ['gpu=H100', 'zone=a']],
  ['example.org/rack=7-b', ['example.org/rack=7-b']],
])('%j is %j', (text, labels) => expect(parseLabels(text)).toEqual(labels));

test.each([
  ['gpu', '"gpu" must be name=value'],
  ['gpu=', '"gpu=" must be name=value'],
  ['=H100', '"=H100" must be name=value'],
  ['gpu=a=b', '"gpu=a=b" must be name=value'],
  ['gpu=H100, zoné=a', '"zoné=a" must be name=value'],
  [`a=${'x'.repeat(64)}`, 'must be name=value'],
  [Array.from({ length: 17 }, (_, i) => `a${i}=b`).join(','), 'more than 16 labels'],
])('%j is refused: %s', (text, problem) => expect(() => parseLabels(text)).toThrow(problem));
