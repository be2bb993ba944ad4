import { setTimeout as delay } from 'node:timers/promises';

import { RunfleetClient } from '@runfleet/client';
import { testWithDb } from '@runfleet/db/testing';
import { expect } from 'vitest';
import WebSocket from 'ws';

import { findProgram, orSkipped } from './find-program.ts';
import { Fleet, followText, MODEL } from './fleet.ts';
import { Nginx } from './nginx.ts';
import type { Role } from './role-process.ts';

const NGINX = findProgram('nginx');
const CALLERS = 8;
const FOLLOWERS = 3;
/** Roles replaced together: one that clients connect to, and one that they do not. */
const PAIRS: readonly (readonly Role[])[] = [
  ['api', 'worker'],
  ['gateway', 'broker'],
];

testWithDb.runIf(NGINX !== null)(
  `no client sees an error while two of each role behind nginx are restarted in turn${orSkipped('nginx')}`,
  { timeout: 180_000 },
  async ({ databaseUrl, redisUrl }) => {
    const env = {
      // Longer than a busy machine leaves a connection of nginx unused.
      STOP_NOTICE_SECONDS: '3',
      ECHO_TOKEN_DELAY_MS: '20',
      WORKER_SLOTS: '32',
      LOG_LEVEL: 'warn',
    };
    const roles = { api: 2, gateway: 2, worker: 2, broker: 2 };
    await using fleet = await Fleet.start({ databaseUrl, redisUrl, roles, env });
    const portOf = ({ url }: { url: string }) => new URL(url).port;
    await using nginx = await Nginx.start(NGINX ?? '', {
      api: fleet.api.map(portOf),
      gateway: fleet.gateway.map(portOf),
    });

    const load = new AbortController();
    const calls = Array.from({ length: CALLERS }, () => callUntil(load.signal, nginx.url, fleet));
    const follows = Array.from({ length: FOLLOWERS }, () =>
      followUntil(load.signal, nginx.url, fleet),
    );

    for (const pair of PAIRS) {
      for (const index of [0, 1])
        await Promise.all(pair.map((role) => replace(fleet, role, index)));
    }
    load.abort();

    const statuses = (await Promise.all(calls)).flat();
    const followed = (await Promise.all(follows)).flat();
    expect(statuses.filter((status) => status !== '200')).toEqual([]);
    expect(statuses.length).toBeGreaterThan(200);
    expect(followed.length).toBeGreaterThan(FOLLOWERS);
    expect(followed.filter(({ text, prompt }) => text !== prompt)).toEqual([]);
  },
);

/** Stops a process and starts its successor on the same port. */
async function replace(fleet: Fleet, role: Role, index: number): Promise<void> {
  const old = fleet[role][index];
  if (!old) throw new Error(`There is no ${role} ${index}.`);
  await old.stop();
  const port = Number(new URL(old.url).port);
  fleet[role].splice(index, 0, await fleet.add(role, {}, { port }));
  fleet[role].pop();
  fleet[role].splice(fleet[role].indexOf(old), 1);
}

/** Runs and lists tasks in turn, and never repeats a call. */
async function callUntil(signal: AbortSignal, url: string, { key }: Fleet): Promise<string[]> {
  const headers = { authorization: `Bearer ${key.apiKey}:${key.apiSecret}` };
  const statuses: string[] = [];
  const call = async (path: string, body: object) => {
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const status = await fetch(`${url}/v1/${path}`, init).then(
      async (answer) => {
        const text = await answer.text();
        return answer.status === 200 ? '200' : `${answer.status} ${path} ${text}`;
      },
      (error: Error) => `${path} ${error.message} ${String(error.cause)}`,
    );
    statuses.push(status);
  };
  while (!signal.aborted) {
    await call(`Run/${MODEL}`, { prompt: 'one two' });
    await call('Task/List', { limit: 3 });
    await delay(100);
  }
  return statuses;
}

/** Follows one task after the other through nginx with the product's client. */
async function followUntil(
  signal: AbortSignal,
  url: string,
  { key }: Fleet,
): Promise<{ prompt: string; text: string }[]> {
  const client = new RunfleetClient({
    apiUrl: `${url}/v1`,
    socketUrl: `${url.replace('http', 'ws')}/v1`,
    apiKey: key.apiKey,
    apiSecret: key.apiSecret,
    webSocket: WebSocket,
  });
  const followed: { prompt: string; text: string }[] = [];
  for (let n = 0; !signal.aborted; n++) {
    const prompt = Array.from({ length: 60 }, (_, word) => `${n}-${word}`).join(' ');
    const { token } = await client.run(MODEL, { prompt, max_tokens: 1000 });
    const { text } = await followText(client.follow(token, { mode: 'delta' }));
    followed.push({ prompt, text });
  }
  return followed;
}
