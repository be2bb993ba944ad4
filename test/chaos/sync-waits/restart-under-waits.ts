import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import type { TaskAnswer } from '@runfleet/protocol';

import { type Fleet, MODEL } from '../../e2e/fleet.ts';
import type { RoleProcess } from '../../e2e/role-process.ts';
import { PATIENCE_MS } from '../../patience.ts';

const POLL_MS = 50;

/** How the api ends while its calls wait; `none` leaves it running. */
export type Ending = 'SIGTERM' | 'SIGKILL' | 'none';

export type RoundReport = {
  ending: Ending;
  /** Calls that were cut, and that got their task with one repeat. */
  cut: number;
  /** Of the api while all calls wait, the second time if it was restarted. */
  residentBytes: number;
  /** The laws that did not hold. */
  broken: string[];
};

/**
 * Opens sync Runs, ends the api, starts it again on its port, repeats every call with its key once, and lets
 * a worker run the tasks. The fleet has one api and no worker before and after it.
 */
export async function restartUnderWaits(
  fleet: Fleet,
  { name, clients, ending }: { name: string; clients: number; ending: Ending },
): Promise<RoundReport> {
  const prompts = Array.from({ length: clients }, (_, index) => `Say ${index} of ${name}`);
  const callAll = () => prompts.map((prompt) => callSync(fleet, prompt));
  const broken: string[] = [];
  const api = apiOf(fleet);

  let calls = callAll();
  await untilWaiting(api, calls);
  const ids = await until(() => idsByPrompt(fleet, prompts));
  let cut = 0;
  if (ending !== 'none') {
    await (ending === 'SIGTERM' ? api.stop() : api.kill());
    const answers = await Promise.all(calls);
    cut = answers.filter(({ status }) => status !== 200).length;
    if (cut < clients) broken.push(`${clients - cut} calls were answered before their task ended`);
    if (ending === 'SIGTERM') {
      const wrong = answers.filter(
        ({ status, body }, index) => status !== 503 || body?.taskid !== ids[index],
      );
      if (wrong.length > 0) broken.push(`${wrong.length} calls got no 503 with their task`);
    }
    await fleet.add('api', {}, { port: Number(new URL(api.url).port) });
    calls = callAll();
    await untilWaiting(apiOf(fleet), calls);
  }
  const residentBytes = await readResident(apiOf(fleet));

  const worker = await fleet.add('worker');
  const answers = await Promise.all(calls);
  await worker.stop();
  const others = answers.filter(({ body }, index) => {
    const task = body?.tasklist?.[0];
    return task?.id !== ids[index] || task?.debugoutput !== prompts[index] || task?.pexit !== '0';
  });
  if (others.length > 0)
    broken.push(`${others.length} repeats did not get the answer of their task`);
  broken.push(...(await brokenMoney(fleet, clients, ids)));
  return { ending, cut, residentBytes, broken };
}

type Answer = {
  /** 0 if the connection broke. */
  status: number;
  body: (Partial<TaskAnswer> & { taskid?: string }) | null;
};

async function callSync(fleet: Fleet, prompt: string): Promise<Answer> {
  const { apiKey, apiSecret } = fleet.key;
  try {
    const response = await fetch(`${fleet.apiUrl()}/Run/${MODEL}/sync`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}:${apiSecret}`,
        'idempotency-key': prompt.replaceAll(' ', '-'),
      },
      body: JSON.stringify({ prompt }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  } catch {
    return { status: 0, body: null };
  }
}

/** Throws if a call is answered before all of them wait. */
async function untilWaiting(api: RoleProcess, calls: readonly Promise<Answer>[]): Promise<void> {
  let early: Answer | null = null;
  void Promise.race(calls).then((answer) => (early = answer));
  await until(async () => {
    if (early !== null) throw new Error(`A call was answered with ${JSON.stringify(early)}.`);
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    const open = Number(/^runfleet_api_open_waits\S* (\d+)$/m.exec(metrics)?.[1]);
    return open === calls.length ? true : null;
  });
}

/** What `look` returns once that is not null. */
async function until<Value>(look: () => Promise<Value | null>): Promise<Value> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (performance.now() > deadline) throw new Error('What was awaited did not happen.');
    await delay(POLL_MS);
  }
}

/** Null while a prompt has no task. */
async function idsByPrompt(fleet: Fleet, prompts: readonly string[]): Promise<string[] | null> {
  const rows = await fleet.db.sql<{ id: string; prompt: string }[]>`
    select id, parameters ->> 'prompt' as prompt from tasks`;
  const ids = new Map(rows.map(({ id, prompt }) => [prompt, id]));
  const found = prompts.map((prompt) => ids.get(prompt)).filter((id) => id !== undefined);
  return found.length === prompts.length ? found : null;
}

/** Each prompt has one task, and each task has one hold, one charge and one release. */
async function brokenMoney(
  fleet: Fleet,
  clients: number,
  ids: readonly string[],
): Promise<string[]> {
  const [row] = await fleet.db.sql<{ tasks: number; transfers: number; most: number }[]>`
    with moved as (
      select task_id, count(*)::int as n from transfers where task_id = any(${ids}) group by task_id
    )
    select count(*)::int as tasks, sum(n)::int as transfers, max(n) as most from moved`;
  const expected = { tasks: clients, transfers: 3 * clients, most: 3 };
  const [doubled] = await fleet.db.sql<{ count: number }[]>`
    select count(*)::int as count from (
      select 1 from tasks group by parameters ->> 'prompt' having count(*) > 1) prompts`;
  const broken = doubled?.count === 0 ? [] : [`${doubled?.count} prompts have two tasks`];
  return JSON.stringify(row) === JSON.stringify(expected)
    ? broken
    : [...broken, `the transfers are ${JSON.stringify(row)}, not ${JSON.stringify(expected)}`];
}

/** NaN on systems without `/proc`. */
async function readResident({ pid }: RoleProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

function apiOf(fleet: Fleet): RoleProcess {
  const api = fleet.api.findLast(({ isRunning }) => isRunning);
  if (!api) throw new Error('No api is running.');
  return api;
}
