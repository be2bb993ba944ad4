import { aWorker } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { testWithOperator as test } from '../testing.ts';

test('an operator drains a worker and ends its quarantine', async ({ operator, db, api }) => {
  const { workerId } = await aWorker(api.ctx.store);
  const change = (id: string, what: string) => operator.post(`/admin/v1/workers/${id}/${what}`, {});
  const refused = (message: string) => ({ errors: [{ code: 0, message }], result: false });

  expect((await change(workerId, 'pardon')).body).toEqual(
    refused(`Worker ${workerId} is not in quarantine.`),
  );
  await db.sql`update workers set state = 'quarantined', quarantined_until = 60, strikes = 3`;
  expect((await change(workerId, 'pardon')).body).toEqual({ errors: [], result: true });
  expect((await change(workerId, 'drain')).body).toEqual({ errors: [], result: true });
  expect((await change(workerId, 'drain')).body).toEqual(
    refused(`Worker ${workerId} takes no tasks anyway.`),
  );
  expect((await change("x'", 'drain')).body).toMatchObject({ result: false });
  const rows = await db.sql`select state, strikes from workers`;
  expect([...rows]).toEqual([{ state: 'draining', strikes: 0 }]);
});
