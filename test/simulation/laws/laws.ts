/** What must hold in every life, at every step unless it says otherwise. */
export const LAWS = {
  'one end': 'each accepted task reaches exactly one terminal state',
  'silence after the end': 'nothing follows a terminal state',
  'gapless log': 'events of a task are numbered 1, 2, 3 ...',
  'legal moves': 'a task moves along the road of its life',
  'epochs rise': 'assign, requeue and kill raise the epoch, and nothing else changes it',
  'old epochs are void': 'what is said in an old epoch, or for another worker, is refused',
  'row and log agree': "a task's row says what its last event says",
  'own epoch': 'who is told that a task is done has ended it in its own epoch, as it said',
  'readable text': "the deltas of a task's last epoch, put together, are its worker's text",
  'one charge': 'a task is charged at most once, never above its hold, and only if it succeeded',
  'exact bill': 'the bill is the billed time at the pinned price, to the last digit',
  'true ledger': 'an account row equals its transfers, and all transfers sum to 0',
  'holds of the living': 'what is held is the sum of the holds of tasks that have not ended',
  'slots in use': "a worker's used slots are the tasks bound to it",
  'slots on duty':
    'a slot is given by a worker that is ready, connected, heard of and has one free',
  'leases in pulses': 'a worker is lost only when its lease ran out by the pulse',
  'trusted index': 'tasks are picked only from an index under its own mark',
  'ticket after accept': 'a ticket is done only when its accept is committed or refused',
  'patience with the accepted': 'a task expires only past the deadline that holds for its state',
  'patience with workers':
    'a task is taken only from a worker that is gone, or silent about its ticket',
  'bounded attempts': 'each try that infrastructure ends is counted, and none follows the last',
  'pauses are kept': 'a task that waits for its next try is not assigned before its time',
  'one task per Run': 'a Run makes at most one task, and the same key is the same task',
  'nothing refused': 'no constraint and no assertion ever refuses a commit',
  'nothing unexpected': "no process fails for anything but a server's absence",
  'everything finishes': 'once all is healed, every task ends within bounded time',
} as const;

export type Law = keyof typeof LAWS;

export type Broken = { law: Law; detail: string; taskId: string | null };
