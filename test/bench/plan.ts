/** Durations of the parts of a round, in seconds unless the name differs. */
export type Plan = {
  rounds: number;
  /** No part begins after this time, so a busy machine gets fewer rounds. */
  beginUntil: number;
  warmUp: number;
  closedLoop: number;
  openLoop: number;
  openRunsPerSecond: number;
  idleTasks: number;
  sustained: number;
  modelTasks: number;
  modelSustained: number;
  syncTasks: number;
  openWaits: number;
};

export const FULL_PLAN: Plan = {
  rounds: 3,
  beginUntil: 420,
  warmUp: 2,
  closedLoop: 2.5,
  openLoop: 3,
  openRunsPerSecond: 200,
  idleTasks: 50,
  sustained: 5,
  modelTasks: 6,
  modelSustained: 3,
  syncTasks: 100,
  openWaits: 2_000,
};

/** A smoke test; its statistics mean little. */
export const SHORT_PLAN: Plan = {
  rounds: 1,
  beginUntil: 100,
  warmUp: 0.5,
  closedLoop: 0.5,
  openLoop: 0.6,
  openRunsPerSecond: 200,
  idleTasks: 8,
  sustained: 1,
  modelTasks: 2,
  modelSustained: 0.8,
  syncTasks: 10,
  openWaits: 200,
};
