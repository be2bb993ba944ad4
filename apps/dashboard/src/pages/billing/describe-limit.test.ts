import type { WireLimit } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { describeLimit, shareOf } from './describe-limit.ts';

const LIMIT: WireLimit = {
  id: '1',
  kind: 'spend',
  level: 'organisation',
  subject: '',
  period: 'day',
  value: '10.000000000000',
  used: '2.500000000000',
  resetsat: '0',
  isInForce: true,
};
const PROJECTS = [{ id: '3', name: 'Demo' }];

test.for<[Partial<WireLimit>, string]>([
  [{}, 'Spending per day, organisation'],
  [{ period: 'total', level: 'project', subject: '3' }, 'Spending in total, project Demo'],
  [{ level: 'key', subject: '4' }, 'Spending per day, key of project 4'],
  [{ kind: 'active', period: 'now', level: 'user' }, 'Active tasks, each end user'],
  [{ level: 'user', subject: 'ann' }, 'Spending per day, end user ann'],
])('the limit %j reads as "%s"', ([changes, text]) => {
  expect(describeLimit({ ...LIMIT, ...changes }, PROJECTS)).toBe(text);
});

test.for<[string | null, string, number]>([
  ['2.5', '10', 0.25],
  ['11', '10', 1],
  ['0', '0', 1],
  [null, '10', 0],
])('%s of %s fills %s of the bar', ([used, value, share]) => {
  expect(shareOf({ used, value })).toBe(share);
});
