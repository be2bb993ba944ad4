import { expect, test } from 'vitest';

import { SessionMemory } from './session-memory.ts';

test('the session that was served longest ago is forgotten first', () => {
  const memory = new SessionMemory({ sessionsMax: 3, perTenantMax: 3 });
  for (const session of ['a:1', 'b:1', 'c:1']) memory.remember(session, session[0] ?? '', 'w');
  memory.remember('a:1', 'a', 'another');
  memory.remember('d:1', 'd', 'w');
  expect(memory.workerOf('b:1')).toBeNull();
  expect(memory.workerOf('a:1')).toBe('another');
  expect(memory.workerOf('d:1')).toBe('w');
});

test("a tenant's million sessions evict none of another tenant's", () => {
  const memory = new SessionMemory({ sessionsMax: 100, perTenantMax: 10 });
  for (let n = 0; n < 10; n++) memory.remember(`calm:${n}`, 'calm', 'w');
  for (let n = 0; n < 1_000_000; n++) memory.remember(`busy:${n}`, 'busy', 'w');
  for (let n = 0; n < 10; n++) expect(memory.workerOf(`calm:${n}`)).toBe('w');
  expect(memory.workerOf('busy:999989')).toBeNull();
  expect(memory.workerOf('busy:999990')).toBe('w');
});
