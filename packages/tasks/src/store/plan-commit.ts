/**
 * What one commit of several commands, or of several Runs, changes: pure, from what was read under
 * locks. Every store writes exactly what is planned here, all of it or nothing.
 */
import {
  type Account,
  holdFor,
  type LimitBook,
  type LimitCount,
  type Movement,
  type Overflow,
  requireAdmission,
  type RunSubject,
} from '@runfleet/billing';
import { MESSAGES, type Micros, RunfleetError, type TaskEvent } from '@runfleet/protocol';
import { laneOf } from '@runfleet/scheduler';

import type { WorkerState } from '../fleet/decide-worker.ts';
import { type Decision, isRefusal, type Refusal, type TaskSnapshot } from '../life/decide.ts';
import {
  type CreatedTask,
  endUserOf,
  holdOf,
  type NewTask,
  newTaskPlan,
  type NewTaskPlan,
  type UnknownLabels,
} from '../life/new-task.ts';
import { LANES_PER_TENANT_MAX, type LanesSnapshot } from '../life/parking.ts';
import { offerOf, type QueueMove } from '../life/queue-moves.ts';
import { applyPlan, type Effects, type ResultPatch, type TaskState } from '../life/task-state.ts';
import { type ConversationsSnapshot, Turns } from '../life/turns.ts';

/** How long an idempotency key is kept. */
export const IDEMPOTENCY_HOURS = 24;
const IDEMPOTENCY_MICROS = BigInt(IDEMPOTENCY_HOURS) * 3_600_000_000n;

/** A task, and what is decided about it once its state is known. */
export type TaskCommand = {
  taskId: string;
  /**
   * Whether the decision looks at the task's worker or at a wanted one, which locks their rows for
   * the whole commit. Freeing a slot does not: it is counted with the write.
   */
  readsWorkers: boolean;
  /** The worker that a slot is wanted of. */
  workerId?: string;
  decide: (state: TaskState, snapshot: TaskSnapshot) => Decision;
};

/** The task after the command, or why the command did nothing. */
export type Committed = { task: TaskState } | (Refusal & { task: TaskState | null });

export type TaskChange = { state: TaskState; patch: ResultPatch | null };

export type CommandsPlan = {
  /** One for each command. */
  results: Committed[];
  changes: TaskChange[];
  effects: Effects[];
  events: TaskEvent[];
  /** To be told to the queue after the commit. */
  moves: QueueMove[];
};

/** Decides commands in order, each on what the former ones left; changes `snapshot` in place. */
export function planCommands(
  commands: readonly TaskCommand[],
  snapshot: {
    tasks: ReadonlyMap<string, TaskState>;
    workers: ReadonlyMap<string, WorkerState>;
    now: Micros;
    pulse: number;
  },
): CommandsPlan {
  const { tasks, workers, now, pulse } = snapshot;
  const changed = new Map<string, TaskChange>();
  const effects: Effects[] = [];
  const results = commands.map((command): Committed => {
    const state = tasks.get(command.taskId);
    if (!state) return { refused: 'fenced', task: null };
    const worker = workers.get(command.workerId ?? '');
    const holder = workers.get(state.workerId ?? '');
    const decision = command.decide(state, { now, pulse, worker, holder });
    if (isRefusal(decision)) return { ...decision, task: { ...state } };
    if (decision.length > 0) {
      const effect = applyPlan(state, decision, now);
      effects.push(effect);
      for (const { workerId, generation, delta } of effect.slots) {
        const owner = workers.get(workerId);
        // A worker that registered again counts from zero.
        if (owner?.generation === generation) owner.used += delta;
      }
      const patch = effect.patch ?? changed.get(state.id)?.patch ?? null;
      changed.set(state.id, { state, patch });
    }
    return { task: { ...state } };
  });
  return {
    results,
    changes: [...changed.values()],
    effects,
    events: effects.flatMap((effect) => effect.events),
    moves: effects.flatMap((effect) => effect.moves),
  };
}

export type CreationsPlan = {
  /** One for each Run: its task, or why it was not admitted. */
  results: (CreatedTask | RunfleetError)[];
  created: NewTaskPlan[];
  /** To be stored before the movements. */
  openedCounts: readonly LimitCount[];
  movements: Movement[];
  events: TaskEvent[];
  moves: QueueMove[];
};

/** What a project's Runs are subject to, as it is at the commit. */
export type ProjectPolicy = { overflow: Overflow; weight: number; runningLimit: number | null };

/** What an idempotency key stands for. */
export type KnownRun = { requestHash: Uint8Array; createdAt: Micros; id: string; token: string };

/** Names a key among all projects' keys. */
export function idempotencyName(projectId: string, key: string): string {
  return `${projectId}:${key}`;
}

/** Admits Runs in order, each against what the former ones left; changes the accounts in place. */
export function planCreations(
  tasks: readonly NewTask[],
  snapshot: {
    accounts: ReadonlyMap<string, Account>;
    /** By project. */
    policies: ReadonlyMap<string, ProjectPolicy>;
    /** Slot-seconds that tasks took recently, by model. */
    usualSeconds: ReadonlyMap<string, number>;
    /** By `idempotencyName`. */
    known: ReadonlyMap<string, KnownRun>;
    conversations: ConversationsSnapshot;
    lanes: LanesSnapshot;
    /** Counts the admitted Runs. */
    limits: LimitBook;
    ids: readonly string[];
    now: Micros;
  },
): CreationsPlan {
  const { accounts, policies, usualSeconds, lanes, limits, ids, now } = snapshot;
  const waiting = new Map([...lanes.waiting].map(([id, known]) => [id, new Set(known)]));
  const known = new Map(snapshot.known);
  const turns = new Turns(snapshot.conversations);
  const movements: Movement[] = [];
  const created: NewTaskPlan[] = [];
  const moves: QueueMove[] = [];
  const results = tasks.map((asked, index): CreatedTask | RunfleetError => {
    // Before anything else: a repeat is answered whatever has become of balance and limits.
    const earlier = earlierRun(known, asked, now);
    if (earlier) return earlier;
    const id = ids[index] ?? '';
    const placed = orRefusal(() => turns.place(id, asked));
    if (placed instanceof RunfleetError) return placed;
    const { task, turn } = placed;
    const policy = policies.get(task.projectId) ?? DEFAULT_POLICY;
    const lane = task.requires.length === 0 ? null : laneOf(task.model.pool, task.requires);
    const account = accounts.get(task.organisationId) ?? noAccount();
    const own = waiting.get(task.organisationId) ?? new Set();
    const countedIn = orRefusal(() => {
      if (lane !== null) requireLane(lane, task.unknownLabels, { own, unknown: lanes.unknown });
      const held = holdOf(task);
      requireAdmission(account, held, task.admission, policy.overflow);
      // Last, because it counts the Run.
      return limits.count(subjectOf(task), held, now);
    });
    if (countedIn instanceof RunfleetError) return countedIn;
    const plan = newTaskPlan(id, task, {
      turn,
      now,
      usualSeconds: usualSeconds.get(task.model.id),
      isParked: lane !== null && !lanes.served.has(lane),
      policy,
      countedIn,
    });
    const { state, token } = plan;
    if (lane !== null) waiting.set(task.organisationId, own.add(lane));
    const movement = holdFor(state, state.held);
    account.held += movement.change.held;
    account.activeTasks += movement.change.activeTasks;
    movements.push(movement);
    created.push(plan);
    turns.add(plan);
    if (!state.isParked) moves.push(offerOf(state, now));
    if (task.idempotency) {
      const { key, requestHash } = task.idempotency;
      const made = { requestHash, createdAt: now, id: state.id, token };
      known.set(idempotencyName(task.projectId, key), made);
    }
    return { id: state.id, token, isRepeat: false };
  });
  const events = created.flatMap((plan) => plan.events);
  return { results, created, openedCounts: limits.opened, movements, events, moves };
}

/** Whose limits apply to a Run. */
export function subjectOf(task: NewTask): RunSubject {
  const { organisationId, projectId, keyId } = task;
  return { organisationId, projectId, keyId, endUser: endUserOf(task) };
}

const DEFAULT_POLICY: ProjectPolicy = { overflow: 'reject', weight: 1, runningLimit: null };

function earlierRun(
  known: ReadonlyMap<string, KnownRun>,
  task: NewTask,
  now: Micros,
): CreatedTask | RunfleetError | null {
  if (!task.idempotency) return null;
  const { key, requestHash } = task.idempotency;
  const earlier = known.get(idempotencyName(task.projectId, key));
  if (!earlier || now - earlier.createdAt >= IDEMPOTENCY_MICROS) return null;
  if (Buffer.compare(earlier.requestHash, requestHash) !== 0) {
    return new RunfleetError('idempotency_mismatch', MESSAGES.idempotencyMismatch(key));
  }
  return { id: earlier.id, token: earlier.token, isRepeat: true };
}

function requireLane(
  lane: string,
  unknownLabels: UnknownLabels,
  snapshot: { own: ReadonlySet<string>; unknown: LanesSnapshot['unknown'] },
): void {
  const unknown = unknownLabels === 'refuse' ? (snapshot.unknown.get(lane) ?? []) : [];
  if (unknown.length > 0) {
    throw new RunfleetError(
      'invalid_request',
      `No worker of this model ever carried ${unknown.join(', ')}. Require labels that a worker has.`,
    );
  }
  if (snapshot.own.has(lane) || snapshot.own.size < LANES_PER_TENANT_MAX) return;
  throw new RunfleetError(
    'concurrency_limit',
    `Label limit reached: tasks with ${LANES_PER_TENANT_MAX} different sets of required labels are queued. Wait for some to end, or require fewer different ones.`,
  );
}

const noAccount = (): Account => ({ balance: 0n, held: 0n, activeTasks: 0 });

function orRefusal<T>(decide: () => T): T | RunfleetError {
  try {
    return decide();
  } catch (error) {
    if (error instanceof RunfleetError) return error;
    throw error;
  }
}
