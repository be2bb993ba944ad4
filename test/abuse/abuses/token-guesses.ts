import { newTaskToken } from '@runfleet/protocol';
import WebSocket from 'ws';

import type { Abuse } from '../abuse.ts';
import { ABUSER } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const GUESSES_PER_SOCKET = 100;
/** 120 a minute from one address, plus those in flight when a socket is closed. */
const ANSWERED_MAX = 400;

export const tokenGuesses: Abuse = {
  name: 'token-guesses',
  sends: '8,000 unknown tokens, 100 on each socket',
  bound: `at most ${ANSWERED_MAX} are looked up`,
  async inflict(target) {
    const tally = new Tally();
    await sideBySide(target.isShort ? 40 : 80, 8, () => guess(target.socketUrl, tally));
    const answered = tally.of('tasktoken-invalid');
    return {
      answers: tally.answers,
      broken: answered <= ANSWERED_MAX ? null : `${answered} were looked up`,
    };
  },
};

function guess(url: string, tally: Tally): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, { headers: { 'x-forwarded-for': ABUSER } });
    let answers = 0;
    socket.on('error', () => {});
    socket.on('open', () => {
      for (let count = 0; count < GUESSES_PER_SOCKET; count += 1) {
        socket.send(JSON.stringify({ type: 'task_info', tasktoken: newTaskToken() }));
      }
    });
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { type: string; message?: string };
      if (frame.type !== 'error') return;
      tally.count(frame.message ?? '');
      if ((answers += 1) === GUESSES_PER_SOCKET) socket.close();
    });
    socket.on('close', (code) => {
      tally.count(`closed ${code}`);
      resolve();
    });
  });
}
