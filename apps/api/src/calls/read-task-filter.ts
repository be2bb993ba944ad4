import { isBlank } from '@runfleet/catalog';
import { MESSAGES, RunfleetError, TASK_ID_PATTERN, TASK_PARTS } from '@runfleet/protocol';
import type { TaskFilter } from '@runfleet/tasks';

import type { ApiContext } from '../api-context.ts';
import { readCount } from './read-count.ts';
import { readOneOf } from './read-one-of.ts';
import { findByName, readSearch } from './search-models.ts';

/** The year 5138; times in milliseconds are beyond it, so they are refused, not misread. */
export const UNIX_SECONDS_MAX = 99_999_999_999;

/**
 * What a list of tasks is filtered by: `status`, `modelName`, `projectid`, `taskid`, and the time of
 * creation by `from` (inclusive) and `to` (exclusive). `projectId` is the project that the caller
 * resolved from the body. Throws `invalid_request`.
 */
export function readTaskFilter(
  ctx: Pick<ApiContext, 'catalogue'>,
  body: Readonly<Record<string, unknown>>,
  { organisationId, projectId }: { organisationId: string; projectId: string },
): TaskFilter {
  const words = readSearch(body, 'modelName');
  return {
    organisationId,
    taskId: readTaskId(body['taskid']),
    projectId: isBlank(body['projectid']) ? null : projectId,
    modelIds: words && findByName(ctx.catalogue.current.all, words).map(({ id }) => id),
    part: readOneOf(body, 'status', TASK_PARTS),
    createdFrom: readCount(body, 'from', UNIX_SECONDS_MAX),
    createdBefore: readCount(body, 'to', UNIX_SECONDS_MAX),
  };
}

function readTaskId(given: unknown): string | null {
  if (isBlank(given)) return null;
  // Above 2^53 a number may have been rounded to the id of another task.
  const id = typeof given === 'number' && Number.isSafeInteger(given) ? `${given}` : given;
  if (typeof id === 'string' && TASK_ID_PATTERN.test(id)) return id;
  throw new RunfleetError('invalid_request', MESSAGES.parameterNotNumber('taskid'));
}
