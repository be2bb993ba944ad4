/** How long each part of a round takes, in seconds where nothing else is said. */
export type Plan = {
  rounds: number;
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
  warmUp: 2.5,
  closedLoop: 3,
  openLoop: 4,
  openRunsPerSecond: 200,
  idleTasks: 60,
  sustained: 6,
  modelTasks: 6,
  modelSustained: 4,
};

/** Shows that everything works; its figures say little. */
export const SHORT_PLAN: Plan = {
  rounds: 1,
  warmUp: 0.7,
  closedLoop: 0.7,
  openLoop: 1,
  openRunsPerSecond: 200,
  idleTasks: 10,
  sustained: 1.5,
  modelTasks: 2,
  modelSustained: 1,
};
