/** A model's life in a deployment: published, served, retired and drained, while every role runs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { eventually } from '@runfleet/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { Fleet } from './fleet.ts';

const SLUG = 'acme/Tiny';
let fleet: Fleet;

beforeAll(async () => {
  fleet = await Fleet.startWithServers(inject('runFolder'));
}, PATIENCE_MS);

afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
}, PATIENCE_MS);

test(
  'a published model takes Runs without a restart; what was queued when it was retired is served and billed by its price',
  async () => {
    const client = fleet.client();
    const run = () => client.run(SLUG, { prompt: 'a b c' });
    await expect(run()).rejects.toThrow('slug-owner-project-not-exist');

    const folder = await mkdtemp(join(tmpdir(), 'runfleet-published-'));
    const file = join(folder, 'tiny.json');
    const price = { method: 'request', parts: { request: '0.25' } };
    const [owner, name] = SLUG.split('/');
    await writeFile(file, JSON.stringify({ owner, name, description: 'A small model.', price }));
    expect(await fleet.command('model', 'publish', file)).toContain('$0.25 per request');
    await rm(folder, { recursive: true });
    const { taskId, token } = await eventually(run);

    await fleet.command('model', 'retire', SLUG);
    await eventually(() => expect(run()).rejects.toThrow('slug-owner-project-not-exist'));
    expect(await client.detail({ taskId })).toMatchObject({ status: 'task_queue' });

    await fleet.add('worker', { WORKER_MODEL: SLUG });
    expect(await client.waitFor(token)).toMatchObject({
      pexit: '0',
      totalcost: '0.250000000000',
      modelslugproject: name,
      receipt: { priceVersion: `${SLUG}/1`, bill: [{ count: '1', unit: 'request' }] },
    });
  },
  PATIENCE_MS,
);
