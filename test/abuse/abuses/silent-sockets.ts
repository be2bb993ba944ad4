import { setTimeout as delay } from 'node:timers/promises';

import WebSocket from 'ws';

import type { Abuse } from '../abuse.ts';
import { ABUSER } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

/** The stack closes a socket that names no task within three seconds. */
const CLOSED_MS = 8_000;

export const silentSockets: Abuse = {
  name: 'silent-sockets',
  sends: '8,000 sockets from one address that send nothing',
  bound: 'at most 1,000 are open, and each is closed within 8 s',
  async inflict(target) {
    const tally = new Tally();
    const open = new Set<WebSocket>();
    let most = 0;
    await sideBySide(target.isShort ? 3_000 : 8_000, 100, async () => {
      const socket = new WebSocket(target.socketUrl, { headers: { 'x-forwarded-for': ABUSER } });
      socket.on('error', () => {});
      await new Promise<void>((resolve) => {
        socket.once('open', () => {
          open.add(socket);
          most = Math.max(most, open.size);
          tally.count('opened');
          resolve();
        });
        socket.once('unexpected-response', (_, response) => {
          tally.count(`HTTP ${response.statusCode}`);
          resolve();
        });
        socket.once('close', (code) => {
          if (open.delete(socket)) tally.count(`closed ${code}`);
          resolve();
        });
      });
    });
    await delay(CLOSED_MS);
    const left = open.size;
    for (const socket of open) socket.terminate();
    const broken = most > 1_000 ? `${most} were open` : left > 0 ? `${left} stayed open` : null;
    return { answers: tally.answers, broken };
  },
};
