import { LAWS as SIMULATED } from '../../simulation/laws/laws.ts';

/** What must hold once all faults are undone. Laws that the simulator checks too share its text. */
export const LAWS = {
  'nothing lost': 'each Run that was answered with a task is in Postgres, and is its tenant’s',
  'one task per Run': SIMULATED['one task per Run'],
  'one end': SIMULATED['one end'],
  'silence after the end': SIMULATED['silence after the end'],
  'gapless log': SIMULATED['gapless log'],
  'legal moves': SIMULATED['legal moves'],
  'epochs rise': 'assign and requeue raise the epoch, and what a worker writes is of its own epoch',
  'row and log agree': SIMULATED['row and log agree'],
  'whole answer': 'an answer equals its outputs; the same input and seed give the same answer',
  'true copy': 'a follower is sent the task’s log, complete, to the end, and nothing else',
  'a kill is final': 'a task that was reported as killed or cancelled stays so',
  'fair refusals': 'a Run is refused for its tenant’s limits, or because a server is away',
  'one charge': SIMULATED['one charge'],
  'true ledger': SIMULATED['true ledger'],
  'nothing held': 'no money is held and no task counts as active once all have ended',
  'slots free': 'no worker has a slot in use once all tasks have ended',
  'empty queue': 'nothing is queued in Redis, and nothing counts as running there',
  'everything finishes': SIMULATED['everything finishes'],
  'no unexpected exit':
    'no process exits unless it is told to, or cannot start because a server is away',
  'no hidden fault': 'reconcilers repair nothing that only a bug in Runfleet leaves behind',
} as const;

export type Law = keyof typeof LAWS;

export type Broken = { law: Law; detail: string; taskId: string | null };
