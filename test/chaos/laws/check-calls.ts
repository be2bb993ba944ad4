import { ERRORS, isTerminal } from '@runfleet/protocol';

import type { Observations, ObservedRun } from '../observations.ts';
import type { Broken } from './laws.ts';
import type { TaskRecord } from './task-record.ts';

/** The part of a task that is needed to check calls. */
export type TaskSummary = Pick<
  TaskRecord,
  'id' | 'organisationId' | 'name' | 'token' | 'status' | 'outcome' | 'finishReason' | 'output'
>;

const LIMITS: readonly number[] = [ERRORS.concurrency_limit.code, ERRORS.insufficient_balance.code];
const SERVER_FAULT = 500;

/** Checks the answers that callers got against all tasks in Postgres. */
export function checkCalls(observed: Observations, tasks: Iterable<TaskSummary>): Broken[] {
  const byId = new Map<string, TaskSummary>();
  const byName = new Map<string, TaskSummary[]>();
  for (const task of tasks) {
    byId.set(task.id, task);
    byName.set(task.name, [...(byName.get(task.name) ?? []), task]);
  }
  return [
    ...observed.runs.flatMap((run) => checkRun(run, byId, byName.get(run.name) ?? [])),
    ...observed.kills.flatMap(({ taskId, status }) =>
      checkKill(byId.get(taskId), { taskId, status }),
    ),
    ...checkRepeats(observed.runs, byName),
  ];
}

function checkRun(
  run: ObservedRun,
  byId: Map<string, TaskSummary>,
  tasks: readonly TaskSummary[],
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
    const answered = `${who} was answered with task ${taskId}`;
    if (!isIts)
      found.push({
        law: 'nothing lost',
        detail: `${answered}, which ${task ? 'is another Run’s' : 'does not exist'}`,
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
      const detail = `${who} answered ${JSON.stringify(output)} for ${JSON.stringify(prompt)} (${finishReason})`;
      found.push({ law: 'whole answer', detail, taskId: id });
    }
  }
  return found;
}

function checkKill(
  task: TaskSummary | undefined,
  { taskId, status }: Observations['kills'][number],
): Broken[] {
  if (task && (task.status === status || !isTerminal(status))) return [];
  return [
    { law: 'a kill is final', detail: `was reported as ${status}, and is ${task?.status}`, taskId },
  ];
}

/** The same prompt and seed give the same answer on every worker and after any number of attempts. */
function checkRepeats(runs: readonly ObservedRun[], byName: Map<string, TaskSummary[]>): Broken[] {
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
