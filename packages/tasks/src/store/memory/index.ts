export {
  ACCEPT_PULSES,
  decideExpireUnstarted,
  decideFinish,
  decideKill,
  INFRA_ATTEMPTS_MAX,
  isRefusal,
  PAUSE_SECONDS_MAX,
  REPORT_GRACE_SECONDS,
} from '../../life/decide.ts';
export { decideRenew, LEASE_PULSES, SILENT_PULSES } from '../../fleet/decide-worker.ts';
export { planCommands } from '../plan-commit.ts';
export { repairOne } from '../../upkeep/reconcile.ts';
export { type Applied, ConstraintError, MemoryDatabase } from './memory-database.ts';
export type { Link } from './link.ts';
export { openMemoryPoolReads } from './memory-pool-reads.ts';
export { openMemoryTaskStore } from './memory-task-store.ts';
export { tickPulse } from './tick-pulse.ts';
export type { Transaction } from './transaction.ts';
