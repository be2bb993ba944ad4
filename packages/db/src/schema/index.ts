export { conversations } from './conversations.ts';
export {
  callbackAttempts,
  callbackDeliveries,
  callbackEndpoints,
  callbackTargets,
} from './callbacks.ts';
export { exports } from './exports.ts';
export { fileEntries, fileUsage, strayObjects } from './files.ts';
export { figuresFolded, modelDays } from './statistics.ts';
export { upkeepRuns } from './upkeep.ts';
export { limitCounts, limits } from './limits.ts';
export { models } from './models.ts';
export { poolLeases, pulse, workers } from './fleet.ts';
export { credentials, sessions, verifications } from './sessions.ts';
export { files, idempotencyKeys, taskEvents, tasks, taskStatus } from './tasks.ts';
export { accounts, memberships, organisations, projects, transfers, users } from './tenants.ts';
