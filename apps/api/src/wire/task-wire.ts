import { billedTicks, cpsOf } from '@runfleet/billing';
import type { Model } from '@runfleet/catalog';
import {
  formatTicks,
  formatUnixSeconds,
  formatUsd,
  type QueuePlace,
  TASK_LIFE,
  type TaskAnswer,
  type TaskSummaryAnswer,
  type WireTask,
  type WireTaskSummary,
  type WireTimes,
  presentOutputs,
} from '@runfleet/protocol';
import type { ListedTask, TaskRow, TaskSummary } from '@runfleet/tasks';

import type { ApiContext } from '../api-context.ts';

/** Names of models, and where files are. */
type Ctx = Pick<ApiContext, 'catalogue' | 'settings'>;

/**
 * A task as Task/Detail and its siblings answer it. Clients see these keys in this order; `receipt` is
 * ours and comes last.
 */
function taskWire(task: TaskRow, ctx: Ctx): WireTask {
  const model = ctx.catalogue.current.byId(task.modelId);
  const times = timesOf(task);
  return {
    id: task.id,
    uuid: task.ownerId,
    name: '',
    socketaccesstoken: task.token,
    parameters: task.parameters,
    debugoutput: task.debugOutput,
    debugerror: task.debugError,
    starttime: times.starttime,
    endtime: times.endtime,
    elapsedseconds: elapsedSeconds(task),
    status: task.status,
    cps: cpsOf(task.price),
    totalcost: formatUsd(task.totalCost),
    guestid: null,
    projectid: task.projectId,
    modelid: task.modelId,
    description: '',
    basemodelid: '0',
    runtype: 'model',
    modelfolderid: '',
    modelfileid: '',
    callbackurl: task.callbackUrl ?? '',
    marketplaceid: null,
    createtime: times.createtime,
    canceltime: times.canceltime,
    assigntime: times.assigntime,
    accepttime: times.accepttime,
    preprocessstarttime: times.preprocessstarttime,
    preprocessendtime: times.preprocessendtime,
    postprocessstarttime: times.postprocessstarttime,
    postprocessendtime: times.postprocessendtime,
    pexit: task.pexit,
    categories: categoriesOf(model),
    outputs: presentOutputs(task.outputs, { taskId: task.id, publicApiUrl: ctx.settings.apiUrl }),
    size: sizeOf(task),
    modeldescription: model?.description ?? '',
    modelslugowner: model?.owner ?? '',
    modelslugproject: model?.name ?? '',
    outputfolderid: '0',
    receipt: task.receipt,
    ...turnOf(task),
  };
}

/** The place of a turn in its conversation, which is ours. */
function turnOf({ conversationId, turn, parentId }: TaskRow): Pick<WireTask, 'conversation'> {
  if (conversationId === null) return {};
  const previous = parentId ?? '';
  return {
    conversation: {
      conversationid: conversationId,
      turn: String(turn ?? 0),
      previoustaskid: previous,
    },
  };
}

/**
 * The answer of a Task call about one task. `queue`, which is ours, comes last and only while it is
 * queued.
 */
export function taskAnswer(task: TaskRow, ctx: Ctx, queue?: QueuePlace): TaskAnswer {
  const row = taskWire(task, ctx);
  return listAnswer([queue === undefined ? row : { ...row, queue }], 1);
}

/** The body of a test callback: an answer about no task. */
export function emptyTaskAnswer(): TaskAnswer {
  return listAnswer([], 0);
}

/**
 * A page of whole tasks. A task whose texts were cut has `shortened`, which is ours, as its last
 * key.
 */
export function taskListAnswer(
  { tasks, total }: { tasks: readonly ListedTask[]; total: number },
  ctx: Ctx,
): TaskAnswer {
  const rows = tasks.map((task): WireTask => {
    const row = taskWire(task, ctx);
    return task.isShortened ? { ...row, shortened: true } : row;
  });
  return listAnswer(rows, total);
}

/** A page of summaries. Their keys have the order of those of whole tasks. */
export function taskSummaryAnswer(
  { tasks, total }: { tasks: readonly TaskSummary[]; total: number },
  ctx: Ctx,
): TaskSummaryAnswer {
  const rows = tasks.map((task): WireTaskSummary => {
    const model = ctx.catalogue.current.byId(task.modelId);
    return {
      id: task.id,
      parameters: { prompt: task.prompt },
      elapsedseconds: formatTicks(
        billedTicks({ ...task.times, timeoutSeconds: task.timeoutSeconds }),
      ),
      status: task.status,
      totalcost: formatUsd(task.totalCost),
      createtime: formatUnixSeconds(task.times.queuedAt),
      pexit: task.pexit,
      modelslugowner: model?.owner ?? '',
      modelslugproject: model?.name ?? '',
    };
  });
  return listAnswer(rows, total);
}

function listAnswer<Row>(tasklist: Row[], total: number) {
  return { total: String(total), errors: [], tasklist, result: true as const };
}

function timesOf({ times }: TaskRow): WireTimes {
  const entries = Object.values(TASK_LIFE).map(
    ({ wireTime, time }) => [wireTime, formatUnixSeconds(times[time])] as const,
  );
  return Object.fromEntries(entries) as WireTimes;
}

/** The billed time: `elapsedseconds` times `cps` is the cost. */
function elapsedSeconds({ times, timeoutSeconds }: TaskRow): string {
  const { acceptedAt, endedAt } = times;
  return formatTicks(billedTicks({ acceptedAt, endedAt, timeoutSeconds }));
}

/** A list as a JSON text, as in the published sample. */
function categoriesOf(model: Model | undefined): string {
  return JSON.stringify(model?.categories ?? []);
}

function sizeOf(task: TaskRow): string {
  let sizeBytes = 0;
  for (const output of task.outputs) if ('size' in output) sizeBytes += Number(output.size);
  return String(sizeBytes);
}
