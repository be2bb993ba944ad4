import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { signatureOf } from '@runfleet/identity';

import type { Abuse, Target } from '../abuse.ts';
import { ABUSER, call, nameOf, run } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const LONG = 'y'.repeat(940_000);
const LIST = JSON.stringify({ type: 'model', start: '0', limit: '100' });
const LIST_BYTES_MAX = 8_000_000;
const UNREAD_MS = 6_000;

export const unreadParameter: Abuse = {
  name: 'unread-parameter',
  sends: '100 Runs with a 0.94 MB unknown parameter, six Task/List of 100, 24 that are not read',
  bound: 'no list is longer than 8 MB',
  async inflict(target) {
    const tally = new Tally();
    let longest = 0;
    await sideBySide(target.isShort ? 40 : 100, 8, async () => {
      tally.count(nameOf(await run(target, { prompt: 'x', max_tokens: 1, unread: LONG })));
    });
    await sideBySide(6, 6, async () => {
      const answer = await call(target, 'Task/List', LIST);
      longest = Math.max(longest, answer.text.length);
      tally.count(`list ${nameOf(answer)}`);
    });
    await sideBySide(24, 24, () => listUnread(target));
    tally.count('longest list, kB', Math.round(longest / 1_000));
    const broken = longest <= LIST_BYTES_MAX ? null : `a list of ${longest} bytes`;
    return { answers: tally.answers, broken };
  },
};

/** Requests lists and reads no answer. */
async function listUnread(target: Target): Promise<void> {
  const { hostname, port, pathname } = new URL(`${target.apiUrl}/Task/List`);
  const nonce = String(Date.now());
  const socket = connect(Number(port), hostname).pause();
  socket.on('error', () => {});
  await once(socket, 'connect');
  const head =
    `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nx-forwarded-for: ${ABUSER}\r\n` +
    `content-type: application/json\r\nx-api-key: ${target.apiKey}\r\nx-nonce: ${nonce}\r\n` +
    `x-signature: ${signatureOf({ ...target, nonce })}\r\ncontent-length: ${LIST.length}\r\n\r\n${LIST}`;
  for (let ask = 0; ask < 4; ask += 1) socket.write(head);
  await delay(UNREAD_MS);
  socket.destroy();
}
