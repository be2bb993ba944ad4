import { expect, test } from 'vitest';

import { routePathOf } from './route-path.ts';

const routePath = routePathOf([
  { call: 'POST /v1/task/list' },
  { call: 'POST /v1/file/upload/small' },
  { call: 'GET /v1/file/:accesskey/:name' },
  { call: 'GET /v1/tasks/:id/events' },
]);

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
  ['/v1/File/Upload/Small', '/v1/file/upload/small'],
  ['/v1/File/Upload', '/v1/file/upload'],
  ['/v1/Tasks/AbC/Events', '/v1/tasks/AbC/events'],
  ['/v1/Tasks/AbC/Others', '/v1/tasks/abc/others'],
  ['/tasks/17/', '/tasks/17'],
  ['/models/Microsoft/Phi', '/models/Microsoft/Phi'],
  ['/', '/'],
  ['//', '/'],
])('%s is routed as %s', (path, expected) => {
  expect(routePath(new Request(`http://api.example${path}`))).toBe(expected);
});
