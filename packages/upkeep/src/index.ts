export { type Claim, claimTurn } from './claim-turn.ts';
export { endTurn, type TurnEnd } from './end-turn.ts';
export { listLateJobs } from './list-late-jobs.ts';
export { listUpkeepRuns, type UpkeepRun } from './list-upkeep-runs.ts';
