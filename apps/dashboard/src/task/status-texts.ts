import { TASK_STATUSES, type TaskStatus } from '@runfleet/protocol';

/**
 * How the pages show each status. `step` is its step on the states line; null for a status outside
 * of it.
 */
export const STATUS_TEXTS = {
  task_queue: {
    label: 'Queued',
    sentence: 'Waiting in the queue. Waiting is free.',
    step: 'Queued',
  },
  task_assign: {
    label: 'Assigned',
    sentence: 'A GPU slot is reserved for this task.',
    step: 'Assigned',
  },
  task_accept: {
    label: 'Accepted',
    sentence: 'A worker has confirmed that it will run this task.',
    step: 'Accepted',
  },
  task_preprocess_start: {
    label: 'Preprocessing',
    sentence: 'The worker is preparing the prompt.',
    step: 'Preprocessing',
  },
  task_preprocess_end: {
    label: 'Preprocessed',
    sentence: 'The prompt is prepared.',
    step: 'Preprocessing',
  },
  task_start: { label: 'Running', sentence: 'The model is writing.', step: 'Running' },
  task_end: { label: 'Finishing', sentence: 'The model has finished.', step: 'Done' },
  task_postprocess_start: {
    label: 'Postprocessing',
    sentence: 'The answer is being stored.',
    step: 'Done',
  },
  task_postprocess_end: { label: 'Done', sentence: 'The task has ended.', step: 'Done' },
  task_cancel: { label: 'Stopped', sentence: 'The task was stopped.', step: null },
} as const satisfies Record<TaskStatus, { label: string; sentence: string; step: string | null }>;

type Step = { label: string; statuses: readonly TaskStatus[] };

const labels = TASK_STATUSES.flatMap((status) => STATUS_TEXTS[status].step ?? []);

/** The steps of the states line, each with its statuses. */
export const STEPS: readonly Step[] = [...new Set(labels)].map((label) => ({
  label,
  statuses: TASK_STATUSES.filter((status) => STATUS_TEXTS[status].step === label),
}));
