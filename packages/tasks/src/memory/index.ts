export { decideExpireUnstarted, decideFinish, decideKill } from '../decide.ts';
export { decideRenew, LEASE_PULSES } from '../decide-worker.ts';
export { planCommands } from '../plan-commit.ts';
export { repairOne } from '../reconcile.ts';
export { type Applied, ConstraintError, MemoryDatabase } from './memory-database.ts';
export type { Link } from './link.ts';
export { openMemoryPoolReads } from './memory-pool-reads.ts';
export { openMemoryTaskStore } from './memory-task-store.ts';
export { tickPulse } from './tick-pulse.ts';
