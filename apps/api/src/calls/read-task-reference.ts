import { isBlank } from '@runfleet/catalog';
import { MESSAGES, RunfleetError, TASK_ID_PATTERN, TASK_TOKEN_PATTERN } from '@runfleet/protocol';
import type { TaskIdOrToken } from '@runfleet/tasks';

/**
 * The task that a body names by `tasktoken`, `socketaccesstoken` or `taskid`. A malformed value is
 * an unknown task.
 */
export function readTaskReference(body: Readonly<Record<string, unknown>>): TaskIdOrToken {
  const token = given(body['tasktoken']) ?? given(body['socketaccesstoken']);
  if (token !== null) {
    if (!TASK_TOKEN_PATTERN.test(token)) throw notFound();
    return { token };
  }
  const id = given(body['taskid']);
  if (id === null) {
    throw new RunfleetError('invalid_request', MESSAGES.referenceRequired);
  }
  if (!TASK_ID_PATTERN.test(id)) throw notFound();
  return { id };
}

function given(value: unknown): string | null {
  if (isBlank(value)) return null;
  // Above 2^53 a number may have been rounded to the id of another task.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? `${value}` : '?';
  return typeof value === 'string' ? value : '?';
}

function notFound(): RunfleetError {
  return new RunfleetError('task_not_found', MESSAGES.taskNotFound);
}
