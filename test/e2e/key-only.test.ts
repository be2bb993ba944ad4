/** A project created on the command line, and a client that has only its key. */
import { RunfleetClient } from '@runfleet/client';
import { eventually } from '@runfleet/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import WebSocket from 'ws';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet, MODEL } from './fleet.ts';

const REVOKED_MS = 5_000;

let fleet: Fleet;

beforeAll(async () => {
  // Slow enough that a task still runs while its key is revoked.
  const env = { ECHO_TOKEN_DELAY_MS: '20' };
  fleet = await Fleet.startWithServers(inject('runFolder'), { env });
}, PATIENCE_MS);

afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
}, PATIENCE_MS);

test('a key runs, follows and reads tasks until it is revoked at api, gateway and open streams', async () => {
  const organisation = ['--organisation', fleet.key.organisationId];
  const create = ['project', 'create', '--name', 'n8n', '--auth', 'apikey', '--json'];
  const { projectId, apiKey } = JSON.parse(await fleet.command(...create, ...organisation)) as {
    projectId: string;
    apiKey: string;
  };
  const client = new RunfleetClient({
    apiUrl: fleet.apiUrl(),
    socketUrl: fleet.socketUrl(),
    apiKey,
    webSocket: WebSocket,
  });
  const { taskId, token } = await client.run(MODEL, { prompt: 'Hello' });
  await expect(client.waitFor(token)).resolves.toMatchObject({ pexit: '0' });

  const headers = { 'x-api-key': apiKey };
  const streamOf = (id: string) => `${fleet.gateway[0]?.url}/v1/tasks/${id}/events`;
  const whole = await fetch(streamOf(taskId), { headers });
  expect(await whole.text()).toContain('"task_postprocess_end"');

  const long = await client.run(MODEL, { prompt: 'word '.repeat(900) });
  const open = await fetch(streamOf(long.taskId), { headers });
  expect(open.status).toBe(200);
  await fleet.command('project', 'revoke', projectId);
  const revokedAt = performance.now();
  // The stream is cut, so reading it fails.
  await expect(open.text()).rejects.toThrow('terminated');
  await eventually(async () => {
    await expect(client.detail({ taskId })).rejects.toMatchObject({ status: 401 });
    expect((await fetch(streamOf(taskId), { headers })).status).toBe(401);
  });
  expect(performance.now() - revokedAt).toBeLessThan(REVOKED_MS + 500);
  await fleet.client().kill({ taskId: long.taskId });
});
