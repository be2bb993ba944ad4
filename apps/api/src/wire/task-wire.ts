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
import type { ListedTask, TaskRow, TaskSummary } from '@runfleet/tasks';

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

/** `{total, errors, tasklist, result}`, the answer of every Task call about one task. */
export function taskAnswer(tasks: readonly TaskRow[], publicApiUrl: string) {
  return listAnswer(
    tasks.map((task) => taskWire(task, publicApiUrl)),
    tasks.length,
  );
}

/** A page of whole tasks. Of one whose texts were cut the last key is `shortened`, which is ours. */
export function taskListAnswer(
  { tasks, total }: { tasks: readonly ListedTask[]; total: number },
  publicApiUrl: string,
) {
  const rows = tasks.map((task) => {
    const row = taskWire(task, publicApiUrl);
    return task.isShortened ? { ...row, shortened: true } : row;
  });
  return listAnswer(rows, total);
}

/** A page of what a table shows, in the keys and the order of whole tasks. */
export function taskSummaryAnswer({
  tasks,
  total,
}: {
  tasks: readonly TaskSummary[];
  total: number;
}) {
  const rows = tasks.map((task) => {
    const model = modelById(task.modelId);
    return {
      id: task.id,
      parameters: { prompt: task.prompt },
      elapsedseconds: formatTicks(billedTicks(task)),
      status: task.status,
      totalcost: formatUsd(task.totalCost),
      createtime: formatUnixSeconds(task.queuedAt),
      pexit: task.pexit,
      modelslugowner: model?.owner ?? '',
      modelslugproject: model?.name ?? '',
    };
  });
  return listAnswer(rows, total);
}

function listAnswer<Row>(tasklist: readonly Row[], total: number) {
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
