import { type AdmissionPolicy, priceCeiling } from '@runfleet/billing';
import type { Model } from '@runfleet/models';
import {
  formatUsd,
  INITIAL_STATUS,
  type Micros,
  newTaskToken,
  parseUsd,
  type Pico,
  type TaskEvent,
} from '@runfleet/protocol';

/** A Run that was validated but not yet admitted. */
export type NewTask = {
  organisationId: string;
  projectId: string;
  ownerId: string;
  model: Model;
  /** The Run's body, as given. */
  parameters: Record<string, unknown>;
  seed: bigint;
  timeoutSeconds: number;
  admission: AdmissionPolicy;
};

export type NewTaskPlan = {
  id: string;
  token: string;
  task: NewTask;
  held: Pico;
  cps: Pico;
  queuedAt: Micros;
  events: TaskEvent[];
};

/** A task's first state and events. The price is pinned here. */
export function newTaskPlan(id: string, task: NewTask, now: Micros): NewTaskPlan {
  const cps = parseUsd(task.model.cps);
  const held = priceCeiling(task.timeoutSeconds, cps);
  const common = { taskId: id, epoch: 0, at: now };
  return {
    id,
    token: newTaskToken(),
    task,
    held,
    cps,
    queuedAt: now,
    events: [
      { ...common, seq: 1, type: INITIAL_STATUS, payload: null },
      {
        ...common,
        seq: 2,
        type: 'task_cost',
        payload: { kind: 'hold', seconds: '0.0000', cost: formatUsd(0n), held: formatUsd(held) },
      },
    ],
  };
}
