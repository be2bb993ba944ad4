import { expect, test } from 'vitest';

import { routePath } from './route-path.ts';

test.each([
  ['/v1/Task/List', '/v1/task/list'],
  ['/V1/Task/List', '/v1/task/list'],
  ['/v1//Task/List', '/v1/task/list'],
  ['//v1/Task/List', '/v1/task/list'],
  ['/v1/Task/List/', '/v1/task/list'],
  ['/v1/Task///List//', '/v1/task/list'],
  ['/V1/', '/v1'],
  ['/v1', '/v1'],
  ['/v10/Task', '/v10/Task'],
  ['/v1//File/AbC/Name.TXT', '/v1/file/AbC/Name.TXT'],
  ['/V1/FILE/AbC/Name.TXT', '/v1/file/AbC/Name.TXT'],
  ['/tasks/17/', '/tasks/17'],
  ['/models/Microsoft/Phi', '/models/Microsoft/Phi'],
  ['/', '/'],
  ['//', '/'],
])('%s is routed as %s', (path, expected) => {
  expect(routePath(new Request(`http://api.example${path}`))).toBe(expected);
});
