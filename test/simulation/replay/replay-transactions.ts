import { isDeepStrictEqual } from 'node:util';

import type { Db } from '@runfleet/db';
import { type Micros, RunfleetError } from '@runfleet/protocol';
import { openTaskStore, type TaskStore } from '@runfleet/tasks';
import type { Transaction } from '@runfleet/tasks/memory';

import type { Recording } from '../recording.ts';

/** Repeats a life's transactions on Postgres, each at its virtual time. Throws if an answer differs. */
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
    const detail = JSON.stringify({ expected, actual }, (_, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    throw new Error(`Transaction ${index} (${transaction.do}) got another answer: ${detail}`);
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
 * The part of an answer that both stores must agree on. Tokens are random. If several commands of
 * one commit change a task, each command gets the task after its own change; the final comparison of
 * rows covers the rest.
 */
function comparable(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(comparable);
  if (answer instanceof RunfleetError) return { kind: answer.kind, message: answer.message };
  if (answer === null || typeof answer !== 'object') return answer;
  const { token: _, task, ...rest } = answer as { token?: string; task?: AnsweredTask | null };
  if (!task) return rest;
  const { id, status, epoch, seq, workerId } = task;
  return { ...rest, task: { id, status, epoch, seq, workerId } };
}

type AnsweredTask = {
  id: string;
  status: string;
  epoch: number;
  seq: number;
  workerId: string | null;
};
