import { setTimeout as delay } from 'node:timers/promises';

import WebSocket from 'ws';

import type { Abuse } from '../abuse.ts';
import { ABUSER, nameOf, run } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const HELD_MS = 6_000;

export const slowReaders: Abuse = {
  name: 'slow-readers',
  sends: '600 sockets that follow a task of 400 tokens and read nothing',
  bound: 'none',
  async inflict(target) {
    const tally = new Tally();
    const task = await run(target, { prompt: 'Write on.', max_tokens: 400 });
    tally.count(nameOf(task));
    const sockets: WebSocket[] = [];
    await sideBySide(target.isShort ? 300 : 600, 50, async () => {
      const socket = new WebSocket(target.socketUrl, { headers: { 'x-forwarded-for': ABUSER } });
      sockets.push(socket);
      socket.on('error', () => {});
      await new Promise<void>((resolve) => {
        socket.once('close', () => resolve());
        socket.once('open', () => {
          tally.count('opened');
          socket.send(JSON.stringify({ type: 'task_info', tasktoken: task.token }));
          socket.pause();
          resolve();
        });
      });
    });
    await delay(HELD_MS);
    for (const socket of sockets) socket.terminate();
    return { answers: tally.answers, broken: null };
  },
};
