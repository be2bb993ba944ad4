import type { RunfleetError } from '@runfleet/protocol';

import type { LeaseState } from '../../fleet/decide-lease.ts';
import type { WorkerState } from '../../fleet/decide-worker.ts';
import type { CreatedTask, NewTask } from '../../life/new-task.ts';
import type { FleetStore } from '../fleet-store.ts';
import type { Committed, TaskCommand } from '../plan-commit.ts';

/** A transaction that took place, and its answer: for who repeats it on another store. */
export type Transaction =
  | { do: 'commit'; commands: readonly TaskCommand[]; answer: readonly Committed[] }
  | {
      do: 'create';
      tasks: readonly NewTask[];
      answer: readonly (CreatedTask | RunfleetError)[];
    }
  | {
      do: 'change worker';
      command: Parameters<FleetStore['changeWorker']>[0];
      answer: { worker: WorkerState; pulse: number } | null;
    }
  | {
      do: 'change lease';
      command: Parameters<FleetStore['changeLease']>[0];
      answer: LeaseState | null;
    };
