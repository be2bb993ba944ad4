import { FULL_PLAN, type Plan, SHORT_PLAN } from '../plan.ts';

/** How much each measure does. */
export type BrokerPlan = {
  rounds: number;
  fleet: Plan;
  /** Each is its own process. */
  busyHosts: number;
  hopSeconds: number;
  memoryTasks: number;
  crowd: number;
  crowdSeconds: number;
  wiped: number;
  killed: number;
};

export const FULL_BROKER_PLAN: BrokerPlan = {
  rounds: 3,
  fleet: FULL_PLAN,
  busyHosts: 10,
  hopSeconds: 4,
  memoryTasks: 100_000,
  crowd: 5_000,
  crowdSeconds: 4,
  wiped: 100_000,
  killed: 16,
};

/** A smoke test that also checks the promises; its statistics mean little. */
export const SHORT_BROKER_PLAN: BrokerPlan = {
  rounds: 1,
  fleet: SHORT_PLAN,
  busyHosts: 2,
  hopSeconds: 0.5,
  memoryTasks: 2_000,
  crowd: 200,
  crowdSeconds: 0.5,
  wiped: 2_000,
  killed: 4,
};
