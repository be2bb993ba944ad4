import { connect } from 'node:net';

import type { Abuse } from '../abuse.ts';
import { ABUSER } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const CONNECTIONS = 20;
const END_MS = 15_000;

export const pipelined: Abuse = {
  name: 'pipelined',
  sends: '2,000 requests written at once on each of 20 connections to the API',
  bound: 'none',
  async inflict(target) {
    const tally = new Tally();
    const count = target.isShort ? 500 : 2_000;
    await sideBySide(CONNECTIONS, CONNECTIONS, () => flood(target.apiUrl, count, tally));
    return { answers: tally.answers, broken: null };
  },
};

function flood(apiUrl: string, count: number, tally: Tally): Promise<void> {
  const { hostname, port, pathname } = new URL(`${apiUrl}/Tool/List`);
  const request =
    `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nx-forwarded-for: ${ABUSER}\r\n` +
    'content-type: application/json\r\ncontent-length: 2\r\n\r\n{}';
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const timer = setTimeout(() => socket.destroy(), END_MS);
    let answers = 0;
    let text = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (data: string) => {
      text += data;
      const found = text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
      for (const status of found) tally.count(status.replace('/1.1', ''));
      // Keep the tail, which may contain the start of a status line.
      text = text.slice(-12).replaceAll(/HTTP\/1\.1 \d{3}/g, '');
      if ((answers += found.length) >= count) socket.destroy();
    });
    socket.on('close', () => {
      clearTimeout(timer);
      tally.count('not answered', Math.max(0, count - answers));
      resolve();
    });
    socket.on('connect', () => socket.write(request.repeat(count)));
  });
}
