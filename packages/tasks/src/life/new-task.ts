import { type AdmissionPolicy, hold, type Limits } from '@runfleet/billing';
import type { ConversationName, FileText, Model } from '@runfleet/catalog';
import {
  formatUsd,
  INITIAL_STATUS,
  type Micros,
  newTaskToken,
  type Pico,
  type TaskEvent,
} from '@runfleet/protocol';

import { NO_TIMES, type TaskState } from './task-state.ts';

/** `park`: the task waits for a worker with the labels. `refuse`: the Run is refused and the error names them. */
export const UNKNOWN_LABELS = ['park', 'refuse'] as const;
export type UnknownLabels = (typeof UNKNOWN_LABELS)[number];

/** A Run that was validated but not yet admitted. */
export type NewTask = {
  organisationId: string;
  projectId: string;
  /** The project whose key made the call; null for none. Its limits survive a rotation of the key. */
  keyId: string | null;
  ownerId: string;
  model: Model;
  /** The Run's body, as given. */
  parameters: Record<string, unknown>;
  /** The texts of its files; null without files. */
  fileTexts: readonly FileText[] | null;
  seed: bigint;
  timeoutSeconds: number;
  /** What else it may use at most. Its price needs a limit for what it counts. */
  limits: Omit<Limits, 'timeoutSeconds'>;
  admission: AdmissionPolicy;
  /** The tenant's end user; empty for none. */
  fairnessKey: string;
  /** Seconds of head start in the tenant's own line. */
  priority: number;
  /** It expires unless a worker accepts it within this many seconds; null: no limit. */
  startTimeoutSeconds: number | null;
  /** Labels that a worker must carry, as `name=value`. */
  requires: readonly string[];
  /** What happens where it requires a label that no worker ever had. */
  unknownLabels: UnknownLabels;
  /** The conversation of which it is the next turn; null for none. */
  conversation:
    | (ConversationName & {
        givesSystemPrompt: boolean;
        /** The calls of the turn that it continues whose outputs it brings; often none. */
        callIds: readonly string[];
      })
    | null;
  /** Tasks of one session share it. */
  affinity: string | null;
  /** Is called when the task has ended; null: nothing is. */
  callbackUrl: string | null;
  /** Expected slot-seconds; null: use its model's recent average. */
  expectedSeconds: number | null;
  /** A repeat of the same key gets the first task's answer. `requestHash`: SHA-256 of the request. */
  idempotency: { key: string; requestHash: Uint8Array } | null;
};

/** The task of a Run. `isRepeat`: an earlier Run of the same key made it. */
export type CreatedTask = { id: string; token: string; isRepeat: boolean };

/** The options of a Run that sets none. */
export const PLAIN_RUN = {
  fileTexts: null,
  keyId: null,
  limits: {},
  fairnessKey: '',
  priority: 0,
  startTimeoutSeconds: null,
  requires: [],
  unknownLabels: 'park',
  conversation: null,
  affinity: null,
  callbackUrl: null,
  expectedSeconds: null,
  idempotency: null,
} as const satisfies Partial<NewTask>;

const SECOND = 1_000_000n;

/** What a task stores of its place in a conversation. */
export type TurnPlan = {
  conversationId: string;
  beginsConversation: boolean;
  /** From 1. */
  turn: number;
  parentId: string | null;
  /** The turn that gave the system prompt; null where none did. */
  systemTurnId: string | null;
};

export type NewTaskPlan = {
  id: string;
  token: string;
  task: NewTask;
  /** Its place in its conversation; null for none. */
  turn: TurnPlan | null;
  state: TaskState;
  events: TaskEvent[];
};

/** What a task of a model without statistics is expected to take. */
const EXPECTED_SECONDS_DEFAULT = 1;

/** The most that the task of a Run can cost. */
export function holdOf({ model, limits, timeoutSeconds }: NewTask): Pico {
  return hold(model.price, { ...limits, timeoutSeconds });
}

/** The end user of a Run: its fairness key, else its `user_id`. Empty for none. */
export function endUserOf({ fairnessKey, conversation, parameters }: NewTask): string {
  if (fairnessKey !== '') return fairnessKey;
  const userId = conversation?.userId ?? parameters['user_id'];
  return typeof userId === 'string' ? userId : '';
}

/** A task's first state and events. The price is pinned here. `usualSeconds`: its model's recent average. */
export function newTaskPlan(
  id: string,
  task: NewTask,
  snapshot: {
    turn: TurnPlan | null;
    now: Micros;
    usualSeconds: number | undefined;
    isParked: boolean;
    policy: { weight: number; runningLimit: number | null };
    countedIn: readonly string[];
  },
): NewTaskPlan {
  const { now, usualSeconds = EXPECTED_SECONDS_DEFAULT, isParked, policy, countedIn } = snapshot;
  const { organisationId, model, timeoutSeconds, startTimeoutSeconds } = task;
  const { requires, fairnessKey, priority, callbackUrl } = task;
  const { price } = model;
  const held = holdOf(task);
  const common = { taskId: id, epoch: 0, at: now };
  const events: TaskEvent[] = [
    { seq: 1, type: INITIAL_STATUS, payload: null, ...common },
    {
      seq: 2,
      type: 'task_cost',
      payload: { kind: 'hold', seconds: '0.0000', cost: formatUsd(0n), held: formatUsd(held) },
      ...common,
    },
  ];
  const state: TaskState = {
    id,
    organisationId,
    pool: model.pool,
    timeoutSeconds,
    price,
    held,
    countedIn,
    requires,
    fairnessKey,
    priority,
    expectedSeconds: Math.min(task.expectedSeconds ?? usualSeconds, timeoutSeconds),
    callbackUrl,
    weight: policy.weight,
    runningLimit: policy.runningLimit,
    // Read again by the commit that ends it.
    hasEndpoints: false,
    startBy: startTimeoutSeconds === null ? null : now + BigInt(startTimeoutSeconds) * SECOND,
    status: INITIAL_STATUS,
    epoch: 0,
    seq: events.length,
    changedAt: now,
    workerId: null,
    workerGeneration: null,
    assignedPulse: null,
    outputTokens: 0,
    infraAttempts: 0,
    notBefore: null,
    isParked,
    avoids: [],
    times: { ...NO_TIMES, queuedAt: now },
    totalCost: 0n,
    outcome: null,
    pexit: '',
  };
  return { id, token: newTaskToken(), task, turn: snapshot.turn, state, events };
}
