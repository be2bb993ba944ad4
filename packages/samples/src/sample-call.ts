import { isTerminal, TASK_STATUSES } from '@runfleet/protocol';

/**
 * What every sample does: Run with these parameters, Task/Detail until the task has ended, and Task/Kill
 * if that takes too long. Key and secret come from the environment of the program.
 */
export type SampleCall = {
  /** Without a slash at the end: `http://127.0.0.1:3100/v1`. */
  apiUrl: string;
  /** `owner/name`. */
  model: string;
  parameters: Readonly<Record<string, string>>;
  /** Whether the project signs its calls, or sends only its key. */
  isSigned: boolean;
  /** How long the program waits for the end of the task. */
  waitSeconds: number;
};

export const WAIT_SECONDS = 600;
export const CALL_TIMEOUT_SECONDS = 30;
/** Before the second read of Task/Detail, and before all later ones. */
export const FIRST_PAUSE_MS = 500;
export const PAUSE_MS = 2_000;

export const ENDED_STATUSES: readonly string[] = TASK_STATUSES.filter(isTerminal);
