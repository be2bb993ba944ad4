import type { TaskStatus } from '@runfleet/protocol';

/** The name of each status on the pages. */
export const STATUS_LABELS = {
  task_queue: 'Queued',
  task_assign: 'Assigned',
  task_accept: 'Accepted',
  task_preprocess_start: 'Preprocessing',
  task_preprocess_end: 'Preprocessed',
  task_start: 'Running',
  task_end: 'Finishing',
  task_postprocess_start: 'Postprocessing',
  task_postprocess_end: 'Done',
  task_cancel: 'Stopped',
} as const satisfies Record<TaskStatus, string>;

/** What a task in this status is waiting for or doing, in a sentence. */
export const STATUS_SENTENCES = {
  task_queue: 'Waiting in the queue. Waiting is free.',
  task_assign: 'A GPU slot is reserved for this task.',
  task_accept: 'A worker has confirmed that it will run this task.',
  task_preprocess_start: 'The worker is preparing the prompt.',
  task_preprocess_end: 'The prompt is prepared.',
  task_start: 'The model is writing.',
  task_end: 'The model has finished.',
  task_postprocess_start: 'The answer is being stored.',
  task_postprocess_end: 'The task has ended.',
  task_cancel: 'The task was stopped.',
} as const satisfies Record<TaskStatus, string>;

/** The steps of the states line, each with the statuses that it stands for. */
export const STEPS: readonly { label: string; statuses: readonly TaskStatus[] }[] = [
  { label: 'Queued', statuses: ['task_queue'] },
  { label: 'Assigned', statuses: ['task_assign'] },
  { label: 'Accepted', statuses: ['task_accept'] },
  { label: 'Preprocessing', statuses: ['task_preprocess_start', 'task_preprocess_end'] },
  { label: 'Running', statuses: ['task_start'] },
  { label: 'Done', statuses: ['task_end', 'task_postprocess_start', 'task_postprocess_end'] },
];
