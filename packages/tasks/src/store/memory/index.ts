export {
  ACCEPT_PULSES,
  decideAccept,
  decideAssign,
  decideBegin,
  decideExpireOverdue,
  decideExpireUnstarted,
  decideFinish,
  decideCancel,
  decideKill,
  decideOutput,
  decideRequeue,
  decideRequeueOrphan,
  decideResume,
  decideReturnLate,
  decideStart,
  type Decision,
  failure,
  INFRA_ATTEMPTS_MAX,
  isRefusal,
  PAUSE_SECONDS_MAX,
  REPORT_GRACE_SECONDS,
  type TaskSnapshot,
} from '../../life/decide.ts';
export {
  decideReap,
  decideRegister,
  decideRenew,
  decideRetire,
  LEASE_PULSES,
  SILENT_PULSES,
  type WorkerDecision,
  type WorkerState,
} from '../../fleet/decide-worker.ts';
export { NO_TIMES, type TaskResult, type TaskState } from '../../life/task-state.ts';
export { planCommands } from '../plan-commit.ts';
export { repairOne } from '../../upkeep/reconcile.ts';
export { type Applied, ConstraintError, MemoryDatabase } from './memory-database.ts';
export type { Link } from './link.ts';
export { openMemoryPoolReads } from './memory-pool-reads.ts';
export { openMemoryTaskStore } from './memory-task-store.ts';
export { tickPulse } from './tick-pulse.ts';
export type { Transaction } from './transaction.ts';
