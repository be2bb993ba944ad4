/** What must hold in every life, at every step unless the law names another time. */
export const LAWS = {
  'one end': 'each accepted task reaches exactly one terminal status',
  'silence after the end': 'no event follows a terminal status',
  'gapless log': 'events of a task are numbered 1, 2, 3 ...',
  'legal moves': 'a task changes its status only as TASK_LIFE allows',
  'epochs rise': 'assign, requeue and kill raise the epoch, and nothing else changes it',
  'old epochs are void': 'a write in an old epoch, or for another worker, is fenced',
  'row and log agree': "a task's row has the status, epoch and seq of its last event",
  'own epoch': 'a confirmed finish ended the task in its own epoch and with its own outcome',
  'readable text': "the joined deltas of a task's last epoch are its worker's text",
  'one charge': 'a task is charged at most once, never above its hold, and only if it succeeded',
  'exact bill': 'the bill is the billed time at the pinned price, to the last digit',
  'true ledger': 'an account row equals its transfers, and all transfers sum to 0',
  'holds of live tasks': 'an account holds exactly the holds of its tasks that have not ended',
  'limits hold': 'a limit counts its tasks, held or charged, and is never passed',
  'slots in use': "a worker's used slots are the tasks bound to it",
  'slots of ready workers':
    'a task is assigned only to a ready, connected worker that renews and has a free slot',
  'leases in pulses': 'a worker is lost only when its lease ran out in pulses',
  'trusted index': 'tasks are picked only from an index under its own mark',
  'ticket after accept': 'a ticket is done only when its accept is committed or refused',
  'deadlines respected': 'a task expires only after the deadline that applies to its status',
  'patience with workers':
    'a task is requeued only if its worker is gone or did not accept in time',
  'bounded attempts': 'each attempt that infrastructure ends is counted, and none follows the last',
  'pauses are kept': 'a task that pauses before its next attempt is not assigned early',
  'one task per Run': 'a Run creates at most one task, and the same key is the same task',
  'nothing refused': 'no constraint and no assertion ever refuses a commit',
  'nothing unexpected': 'a process fails only because a server is away',
  'everything finishes': 'once all faults are undone, every task ends within bounded time',
} as const;

export type Law = keyof typeof LAWS;

export type Broken = { law: Law; detail: string; taskId: string | null };

/** Reports that a law is broken. */
export type Report = (law: Law, taskId: string | null, detail: string) => void;
