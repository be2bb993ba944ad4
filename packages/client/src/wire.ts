import type { Receipt, TaskOutputItem, TaskStatus } from '@runfleet/protocol';

/** A task as `Task/Detail` and `Task/List` show it. Times are unix seconds, "0" where not reached. */
export type WireTask = {
  id: string;
  uuid: string;
  name: string;
  socketaccesstoken: string;
  parameters: Record<string, unknown>;
  debugoutput: string;
  debugerror: string;
  starttime: string;
  endtime: string;
  elapsedseconds: string;
  status: TaskStatus;
  cps: string;
  totalcost: string;
  projectid: string;
  modelid: string;
  createtime: string;
  canceltime: string;
  assigntime: string;
  accepttime: string;
  preprocessstarttime: string;
  preprocessendtime: string;
  postprocessstarttime: string;
  postprocessendtime: string;
  /** "0" = succeeded, "" = not ended or cancelled, anything else = failed (`debugerror` says why). */
  pexit: string;
  outputs: TaskOutputItem[];
  size: string;
  modeldescription: string;
  modelslugowner: string;
  modelslugproject: string;
  /** What it cost and why; null until it has ended. Other servers of this API do not send it. */
  receipt?: Receipt | null;
  /** In Task/Detail while the task is queued. Other servers do not send it. */
  queue?: QueuePlace;
  /** In Task/List where long texts were cut; Task/Detail has them whole. Other servers do not send it. */
  shortened?: true;
} & Record<string, unknown>;

/** A task as `Task/List` shows it with `summary`: other servers show it whole. */
export type WireTaskSummary = Pick<
  WireTask,
  | 'id'
  | 'parameters'
  | 'elapsedseconds'
  | 'status'
  | 'totalcost'
  | 'createtime'
  | 'pexit'
  | 'modelslugowner'
  | 'modelslugproject'
>;

/** Where a queued task stands. Seconds are estimates; null is what nobody knows. */
export type QueuePlace = {
  /** In its organisation's own line, from 1. */
  place: number | null;
  /** Tasks before it in that line. */
  ahead: number | null;
  /** Until it is likely to start. */
  waitSeconds: number | null;
  /** Until its next try, where an attempt has failed for no fault of the caller's. */
  pauseSeconds: number | null;
  /** Why no worker can run it as things are; null where one can. */
  blocked: { reason: 'no-worker' | 'no-worker-with-labels'; message: string } | null;
};

/** `total` counts all that match, not only those listed. */
export type ListedTasks<Task = WireTask> = { total: number; tasks: Task[] };

export type WireToolParameter = {
  id: string;
  type: string;
  label: string;
  description?: string;
  default?: unknown;
  required?: boolean;
  placeholder?: string;
  note?: string;
  options?: { value: string; label?: string; text?: string }[];
  min?: number | string;
  max?: number | string;
  step?: number | string;
};

/** A model as the catalogue shows it. */
export type WireTool = {
  id: string;
  title: string;
  slugowner: string;
  slugproject: string;
  cleanslugowner: string;
  cleanslugproject: string;
  description: string;
  readme: string;
  image: string;
  categories: string[] | string;
  parameters: { title: string; items: WireToolParameter[] }[];
  cps: string;
  approximatelycost: string;
  taskstat: { runcount: number; successcount: string; errorcount: string; lastruntime: string };
} & Record<string, unknown>;
