/** A client that waits for its task must not notice a restart of the api, except for one retry. */
import { RunfleetClient } from '@runfleet/client';
import { testWithDb as test } from '@runfleet/db/testing';
import { eventually } from '@runfleet/testing';
import { LossyProxy } from '@runfleet/testing/lossy-proxy';
import { expect, vi } from 'vitest';

import { type Ending, restartUnderWaits } from '../chaos/sync-waits/restart-under-waits.ts';
import { PATIENCE_MS } from '../patience.ts';
import { Fleet, MODEL } from './fleet.ts';

vi.setConfig({ testTimeout: PATIENCE_MS });

const CLIENTS = 50;

test('every wait that an api crash cuts gets its task by a retry, and no task is charged twice', async ({
  databaseUrl,
  redisUrl,
}) => {
  // No worker yet, so that every task is alive when the api dies.
  const roles = { api: 2, gateway: 0, worker: 0 };
  await using fleet = await Fleet.start({ databaseUrl, redisUrl, roles });
  await fleet.db.sql`update projects set overflow = 'queue'`;
  const { apiKey, apiSecret } = fleet.key;
  await using proxy = await LossyProxy.start(fleet.api[0]?.url ?? '');
  const client = new RunfleetClient({ apiUrl: `${proxy.url}/v1`, apiKey, apiSecret });

  const waiting = Array.from({ length: CLIENTS }, (_, index) =>
    client.runSync(MODEL, { prompt: `Say ${index}` }, { idempotencyKey: `order-${index}` }),
  );
  await eventually(async () =>
    expect(await fleet.db.sql`select 1 from tasks`).toHaveLength(CLIENTS),
  );
  proxy.target = fleet.api[1]?.url ?? '';
  await fleet.api[0]?.kill();
  await fleet.add('worker');

  const tasks = await Promise.all(waiting);
  expect(tasks.map(({ debugoutput, pexit }) => [debugoutput, pexit])).toEqual(
    tasks.map((_, index) => [`Say ${index}`, '0']),
  );
  const [row] = await fleet.db.sql`
    select (select count(*)::int from tasks) as tasks,
      (select count(*)::int from transfers where task_id is not null) as transfers`;
  // Each task has one hold, one charge and one release.
  expect(row).toEqual({ tasks: CLIENTS, transfers: 3 * CLIENTS });
});

test('one repeat with its key gets each wait its task after a stop and a crash of the only api', async ({
  databaseUrl,
  redisUrl,
}) => {
  await using fleet = await Fleet.start({
    databaseUrl,
    redisUrl,
    roles: { gateway: 0, worker: 0 },
  });
  for (const ending of ['SIGTERM', 'SIGKILL'] satisfies Ending[]) {
    const round = await restartUnderWaits(fleet, { name: ending, clients: CLIENTS, ending });
    expect(round).toMatchObject({ cut: CLIENTS, broken: [] });
  }
});
