/** How long each part of a round takes, in seconds where nothing else is said. */
export type Plan = {
  rounds: number;
  /** No part of a round begins after this; on a busy machine there are then fewer rounds. */
  beginUntil: number;
  warmUp: number;
  closedLoop: number;
  openLoop: number;
  openRunsPerSecond: number;
  idleTasks: number;
  sustained: number;
  modelTasks: number;
  modelSustained: number;
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
};

/** Shows that everything works; its figures say little. */
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
};
