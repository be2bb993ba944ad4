import { once } from 'node:events';

import { lifeOf, type StagedTask, stageEvents, stageTask } from '@runfleet/events/testing';
import type { NewTaskEvent } from '@runfleet/protocol';
import { expect } from 'vitest';
import { WebSocket } from 'ws';

import { testWithGateway as test } from './testing.ts';

const SOCKETS = 1_000;
const FRAMES = 60;
const WORD = 'word '.repeat(40);

test('a thousand sockets on one task each get every frame', async ({ db, gateway, announcer }) => {
  const task = await stageTask({ db });
  const queued: NewTaskEvent = { type: 'task_queue', payload: null };
  await stageEvents({ db }, task, [queued]);
  const audience = await gather(gateway, () => task.token);
  await audience.untilEach(2);

  // Committed beforehand, so that only the fan-out is timed.
  const life = lifeOf(Array<string>(FRAMES).fill(WORD)).slice(1);
  const events = await stageEvents({ db }, task, life);
  const sent = events.filter(({ type }) => type !== 'task_cost').length;
  const startedAt = performance.now();
  for (const event of events) announcer.announce([event]);
  await audience.untilEach(2 + sent);
  const perSecond = (SOCKETS * sent) / ((performance.now() - startedAt) / 1_000);
  audience.close();

  process.stdout.write(
    `${SOCKETS} sockets on one task: ${Math.round(perSecond)} frames/s, clients in the same process
`,
  );
  expect(audience.counts.every((count) => count === 2 + sent)).toBe(true);
  expect(perSecond).toBeGreaterThan(1_000);
}, 60_000);

test('a thousand tasks, each with its own socket, all arrive', async ({
  db,
  gateway,
  announcer,
}) => {
  const tasks: StagedTask[] = [];
  for (let index = 0; index < SOCKETS; index += 1) tasks.push(await stageTask({ db }));
  await Promise.all(
    tasks.map((task) => stageEvents({ db }, task, [{ type: 'task_queue', payload: null }])),
  );
  const audience = await gather(gateway, (index) => tasks[index]?.token ?? '');
  await audience.untilEach(2);

  const life = lifeOf([WORD, WORD, WORD]).slice(1);
  const sent = life.filter(({ type }) => type !== 'task_cost').length;
  const startedAt = performance.now();
  await Promise.all(
    tasks.map(async (task) => announcer.announce(await stageEvents({ db }, task, life))),
  );
  await audience.untilEach(2 + sent);
  const seconds = (performance.now() - startedAt) / 1_000;
  audience.close();

  process.stdout.write(
    `${SOCKETS} tasks to ${SOCKETS} sockets through Postgres: ${Math.round((SOCKETS * life.length) / seconds)} ` +
      `events/s, ${Math.round((SOCKETS * sent) / seconds)} frames/s, everything in one process\n`,
  );
  expect(audience.counts.every((count) => count === 2 + sent)).toBe(true);
}, 60_000);

async function gather(gateway: { url: string }, tokenOf: (index: number) => string) {
  const url = `${gateway.url.replace('http', 'ws')}/v1`;
  const counts = Array<number>(SOCKETS).fill(0);
  let missing = 0;
  let wanted = 0;
  let wake: () => void = () => {};
  const sockets: WebSocket[] = [];
  for (let index = 0; index < SOCKETS; index += 1) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on('message', () => {
      const count = (counts[index] ?? 0) + 1;
      counts[index] = count;
      if (count === wanted && (missing -= 1) === 0) wake();
    });
    const request = { type: 'task_info', tasktoken: tokenOf(index), mode: 'delta' };
    socket.on('open', () => socket.send(JSON.stringify(request)));
    sockets.push(socket);
    // Opens no more at once than the listen backlog holds.
    if (index % 100 === 99) await once(socket, 'open');
  }
  return {
    counts,
    close: () => sockets.forEach((socket) => socket.terminate()),
    untilEach(count: number): Promise<void> {
      wanted = count;
      missing = counts.filter((each) => each < count).length;
      return new Promise((resolve) => (missing === 0 ? resolve() : (wake = resolve)));
    },
  };
}
