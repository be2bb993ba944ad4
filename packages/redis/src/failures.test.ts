import { expect, test } from 'vitest';

import { explainRefusal, isFailover } from './failures.ts';

test.for([
  ['READONLY You cannot write against a read only replica.', 'is a replica', true],
  ['LOADING Redis is loading the dataset in memory', 'LOADING', true],
  ['MOVED 3999 127.0.0.1:6381', 'node of a cluster', false],
  ['CLUSTERDOWN The cluster is down', 'node of a cluster', false],
  ['OOM command not allowed when used memory > maxmemory', 'out of memory', false],
  ['MISCONF Redis is configured to save RDB snapshots', 'disk', false],
  ['NOREPLICAS Not enough good replicas to write.', 'min-replicas-to-write', false],
  ['NOPERM this user has no permissions', 'does not let this user write', false],
  ['connect ECONNREFUSED', 'ECONNREFUSED', false],
] as const)('"%s" is explained as "%s"', ([reply, explained, isElsewhere]) => {
  const error = new Error(reply);
  expect((explainRefusal(error) as Error).message).toContain(explained);
  expect(isFailover(error)).toBe(isElsewhere);
});
