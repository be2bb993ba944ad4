import { billedTicks } from '@runfleet/billing';
import { type Model, modelById } from '@runfleet/models';
import {
  formatTicks,
  formatUnixSeconds,
  formatUsd,
  TASK_LIFE,
  type TaskStatus,
  withAbsoluteUrls,
} from '@runfleet/protocol';
import type { TaskRow } from '@runfleet/tasks';

/** The time fields in the wire's order; which moment each holds is in `TASK_LIFE`. */
const TIMES_AFTER_CREATE = [
  'task_cancel',
  'task_assign',
  'task_accept',
  'task_preprocess_start',
  'task_preprocess_end',
  'task_postprocess_start',
  'task_postprocess_end',
] as const satisfies readonly TaskStatus[];

/**
 * A task as Task/Detail and its kin answer it. Clients see these keys in this order; what has no
 * meaning here keeps its place with an empty value. `receipt` is ours and comes last.
 */
function taskWire(task: TaskRow, publicApiUrl: string) {
  const model = modelById(task.modelId);
  return {
    id: task.id,
    uuid: task.ownerId,
    name: '',
    socketaccesstoken: task.token,
    parameters: task.parameters,
    debugoutput: task.debugOutput,
    debugerror: task.debugError,
    starttime: timeOf(task, 'task_start'),
    endtime: timeOf(task, 'task_end'),
    elapsedseconds: elapsedSeconds(task),
    status: task.status,
    cps: formatUsd(task.cps),
    totalcost: formatUsd(task.totalCost),
    guestid: null,
    projectid: task.projectId,
    modelid: task.modelId,
    description: '',
    basemodelid: '0',
    runtype: 'model',
    modelfolderid: '',
    modelfileid: '',
    callbackurl: '',
    marketplaceid: null,
    createtime: timeOf(task, 'task_queue'),
    ...Object.fromEntries(
      TIMES_AFTER_CREATE.map((status) => [TASK_LIFE[status].wireTime, timeOf(task, status)]),
    ),
    pexit: task.pexit,
    categories: categoriesOf(model),
    outputs: withAbsoluteUrls(task.outputs, publicApiUrl),
    size: sizeOf(task),
    modeldescription: model?.description ?? '',
    modelslugowner: model?.owner ?? '',
    modelslugproject: model?.name ?? '',
    outputfolderid: '0',
    receipt: task.receipt,
  };
}

/** `{total, errors, tasklist, result}`, the answer of every Task call. */
export function taskAnswer(tasks: readonly TaskRow[], publicApiUrl: string, total = tasks.length) {
  const tasklist = tasks.map((task) => taskWire(task, publicApiUrl));
  return { total: String(total), errors: [], tasklist, result: true };
}

function timeOf(task: TaskRow, status: TaskStatus): string {
  return formatUnixSeconds(task.times[TASK_LIFE[status].time]);
}

/** What is billed, so that it times the price is the cost. */
function elapsedSeconds({ times, timeoutSeconds }: TaskRow): string {
  const { acceptedAt, endedAt } = times;
  return formatTicks(billedTicks({ acceptedAt, endedAt, timeoutSeconds }));
}

/** A list in JSON in a string: what the published sample shows. */
function categoriesOf(model: Model | undefined): string {
  return JSON.stringify(model?.categories ?? []);
}

function sizeOf(task: TaskRow): string {
  let sizeBytes = 0;
  for (const output of task.outputs) if ('size' in output) sizeBytes += Number(output.size);
  return String(sizeBytes);
}
