import { isDeepStrictEqual } from 'node:util';

import type { Db } from '@runfleet/db';
import { type Micros, RunfleetError } from '@runfleet/protocol';
import { openTaskStore, type TaskStore } from '@runfleet/tasks';
import type { Transaction } from '@runfleet/tasks/memory';

import type { Recording } from '../recording.ts';

/** Repeats a life's transactions on Postgres, each at its own virtual moment. Throws where an answer differs. */
export async function replayTransactions(db: Db, recording: Recording): Promise<number> {
  let now: Micros = 0n;
  let pulse = 0;
  const store = openTaskStore({ db, clock: () => now, queue: null, announce: () => {} });
  for (const [index, step] of recording.transactions.entries()) {
    if (step.pulse !== pulse) await db.sql`update pulse set n = ${step.pulse}`;
    ({ now, pulse } = step);
    const { transaction } = step;
    const expected = comparable(transaction.answer);
    const actual = comparable(await repeat(store, transaction));
    if (isDeepStrictEqual(actual, expected)) continue;
    const said = JSON.stringify({ expected, actual }, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    throw new Error(`Transaction ${index} (${transaction.do}) was answered otherwise: ${said}`);
  }
  return recording.transactions.length;
}

async function repeat(store: TaskStore, transaction: Transaction): Promise<unknown> {
  switch (transaction.do) {
    case 'commit':
      return Promise.all(transaction.commands.map((command) => store.commit(command)));
    case 'create':
      return Promise.all(
        transaction.tasks.map((task) =>
          store.create(task).catch((error: unknown) => {
            if (error instanceof RunfleetError) return error;
            throw error;
          }),
        ),
      );
    case 'change worker':
      return store.changeWorker(transaction.command);
    case 'change lease':
      return store.changeLease(transaction.command);
  }
}

/**
 * What both must say alike. Tokens are random; and of a task that several commands of one commit
 * changed, each is told the state after its own, which the rows at the end show.
 */
function comparable(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(comparable);
  if (answer instanceof RunfleetError) return { kind: answer.kind, message: answer.message };
  if (answer === null || typeof answer !== 'object') return answer;
  const { token: _, task, ...rest } = answer as { token?: string; task?: TaskSaid | null };
  if (!task) return rest;
  const { id, status, epoch, seq, workerId } = task;
  return { ...rest, task: { id, status, epoch, seq, workerId } };
}

type TaskSaid = {
  id: string;
  status: string;
  epoch: number;
  seq: number;
  workerId: string | null;
};
