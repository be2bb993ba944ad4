import { answerAfter, RunfleetClient } from '@runfleet/client';
import { lifeOf, stageEvents, stageTask } from '@runfleet/events/testing';
import type { TaskFrame } from '@runfleet/protocol';
import { expect } from 'vitest';
import { WebSocket } from 'ws';

import { startTestGateway, testWithGateway as test } from './testing.ts';

const WORDS = Array.from({ length: 30 }, (_, index) => `w${index} `);

test.for(['delta', 'cumulative'] as const)(
  'the client follows in %s mode across a gateway restart',
  async (mode, { db, databaseUrl, redisUrl, announcer }) => {
    const servers = { databaseUrl, redisUrl };
    const first = await startTestGateway(servers);
    const client = new RunfleetClient({ apiUrl: `${first.url}/v1`, webSocket: WebSocket });
    const task = await stageTask({ db });
    const life = lifeOf(WORDS);
    announcer.announce(await stageEvents({ db }, task, life.slice(0, 15)));

    const frames: TaskFrame[] = [];
    const following = (async () => {
      for await (const frame of client.follow(task.token, { mode, billing: true })) {
        frames.push(frame);
      }
    })();
    await expect.poll(() => frames.at(-1)?.seq).toBe(15);
    await first[Symbol.asyncDispose]();
    announcer.announce(await stageEvents({ db }, task, life.slice(15)));
    const { port } = new URL(first.url);
    await using _second = await startTestGateway(servers, {}, { GATEWAY_PORT: port });
    await following;

    expect(frames.reduce(answerAfter, '')).toBe(WORDS.join(''));
    const seqs = frames.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)]);
    if (mode === 'delta') expect(seqs).toEqual(life.map((_, index) => index + 1));
    const states = frames.filter(({ type }) => type !== 'task_output').map(({ type }) => type);
    expect(states).toEqual(life.map(({ type }) => type).filter((type) => type !== 'task_output'));
  },
);
