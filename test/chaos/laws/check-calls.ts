import { ERRORS, isTerminal } from '@runfleet/protocol';

import type { Seen, SeenRun } from '../seen.ts';
import type { Broken } from './laws.ts';
import type { TaskRecord } from './task-record.ts';

/** What of a task is needed to judge calls. */
export type KnownTask = Pick<
  TaskRecord,
  'id' | 'organisationId' | 'name' | 'token' | 'status' | 'outcome' | 'finishReason' | 'output'
>;

const LIMITS: readonly number[] = [ERRORS.concurrency_limit.code, ERRORS.insufficient_balance.code];
const SERVER_FAULT = 500;

/** What callers were told, held against all tasks that there are. */
export function checkCalls(seen: Seen, tasks: Iterable<KnownTask>): Broken[] {
  const byId = new Map<string, KnownTask>();
  const byName = new Map<string, KnownTask[]>();
  for (const task of tasks) {
    byId.set(task.id, task);
    byName.set(task.name, [...(byName.get(task.name) ?? []), task]);
  }
  return [
    ...seen.runs.flatMap((run) => checkRun(run, byId, byName.get(run.name) ?? [])),
    ...seen.kills.flatMap(({ taskId, status }) => checkKill(byId.get(taskId), { taskId, status })),
    ...checkRepeats(seen.runs, byName),
  ];
}

function checkRun(
  run: SeenRun,
  byId: Map<string, KnownTask>,
  tasks: readonly KnownTask[],
): Broken[] {
  const { name, engine, key, prompt } = run;
  const who = `${name}${key === null ? ', without a key' : `, under ${key}`}`;
  const ids = tasks.map(({ id }) => id);
  const found: Broken[] = [];
  if (tasks.length > 1) {
    found.push({
      law: 'one task per Run',
      detail: `${who}: tasks ${ids.join(', ')}`,
      taskId: ids[0] ?? null,
    });
  }
  for (const { taskId, token } of run.answers) {
    const task = byId.get(taskId);
    const isIts =
      task?.name === name && task.organisationId === run.organisationId && task.token === token;
    const told = `${who} was told task ${taskId}`;
    if (!isIts)
      found.push({
        law: 'nothing lost',
        detail: `${told}, which is ${task ? 'another’s' : 'not there'}`,
        taskId,
      });
  }
  for (const { status, code, message } of run.refusals) {
    const isFair = status >= SERVER_FAULT || LIMITS.includes(code);
    if (!isFair)
      found.push({
        law: 'fair refusals',
        detail: `${who}: ${status}, ${code}, ${message}`,
        taskId: null,
      });
  }
  for (const { id, outcome, output, finishReason } of tasks) {
    const isOver = outcome === 'succeeded' && engine === 'echo';
    const isRight = finishReason === 'timeout' ? prompt.startsWith(output) : output === prompt;
    if (isOver && !isRight) {
      const detail = `${who} said ${JSON.stringify(output)} for ${JSON.stringify(prompt)} (${finishReason})`;
      found.push({ law: 'whole answer', detail, taskId: id });
    }
  }
  return found;
}

function checkKill(
  task: KnownTask | undefined,
  { taskId, status }: Seen['kills'][number],
): Broken[] {
  if (task && (task.status === status || !isTerminal(status))) return [];
  return [
    { law: 'a kill is final', detail: `was said to be ${status}, and is ${task?.status}`, taskId },
  ];
}

/** The same prompt and seed say the same, whoever computes them and after however many attempts. */
function checkRepeats(runs: readonly SeenRun[], byName: Map<string, KnownTask[]>): Broken[] {
  const answers = new Map<string, string>();
  const found: Broken[] = [];
  for (const { engine, name, prompt } of runs) {
    if (engine !== 'tiny') continue;
    for (const { id, outcome, finishReason, output } of byName.get(name) ?? []) {
      if (outcome !== 'succeeded' || finishReason === 'timeout') continue;
      const first = answers.get(prompt) ?? output;
      answers.set(prompt, first);
      if (output === first) continue;
      const detail = `${JSON.stringify(prompt)} gave ${JSON.stringify(output)} and ${JSON.stringify(first)}`;
      found.push({ law: 'whole answer', detail, taskId: id });
    }
  }
  return found;
}
