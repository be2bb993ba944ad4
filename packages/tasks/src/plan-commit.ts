/**
 * What one commit of several commands, or of several Runs, changes: pure, from what was read under
 * locks. Every store writes exactly what is planned here, all of it or nothing.
 */
import { type Account, holdFor, type Movement, requireAdmission } from '@runfleet/billing';
import { type Micros, RunfleetError, type TaskEvent } from '@runfleet/protocol';

import type { WorkerState } from './decide-worker.ts';
import { type Decision, isRefusal, type Refusal, type Seen } from './decide.ts';
import { type NewTask, newTaskPlan, type NewTaskPlan } from './new-task.ts';
import { applyPlan, type Effects, type ResultPatch, type TaskState } from './task-state.ts';

/** A task, and what is decided about it once its state is known. */
export type TaskCommand = {
  taskId: string;
  /** Whether a slot may be bound or freed, which needs the worker's row lock. */
  movesSlot: boolean;
  /** The worker that a slot is wanted of. */
  workerId?: string;
  decide: (state: TaskState, seen: Seen) => Decision;
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
};

/** Decides commands in order, each on what the former ones left; changes `seen` in place. */
export function planCommands(
  commands: readonly TaskCommand[],
  seen: {
    tasks: ReadonlyMap<string, TaskState>;
    workers: ReadonlyMap<string, WorkerState>;
    now: Micros;
    pulse: number;
  },
): CommandsPlan {
  const { tasks, workers, now, pulse } = seen;
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
      for (const { workerId, delta } of effect.slots) {
        const holder = workers.get(workerId);
        if (holder) holder.used += delta;
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
  };
}

export type CreationsPlan = {
  /** One for each Run: its task, or why it was not admitted. */
  results: ({ id: string; token: string } | RunfleetError)[];
  created: NewTaskPlan[];
  movements: Movement[];
  events: TaskEvent[];
};

/** Admits Runs in order, each against what the former ones left; changes the accounts in place. */
export function planCreations(
  tasks: readonly NewTask[],
  seen: { accounts: ReadonlyMap<string, Account>; ids: readonly string[]; now: Micros },
): CreationsPlan {
  const { accounts, ids, now } = seen;
  const movements: Movement[] = [];
  const created: NewTaskPlan[] = [];
  const results = tasks.map((task, index) => {
    const plan = newTaskPlan(ids[index] ?? '', task, now);
    const account = accounts.get(task.organisationId) ?? noAccount();
    const refusal = refusalOf(() => requireAdmission(account, plan.held, task.admission));
    if (refusal) return refusal;
    const movement = holdFor({ id: plan.id, organisationId: task.organisationId }, plan.held);
    account.held += movement.change.held;
    account.activeTasks += movement.change.activeTasks;
    movements.push(movement);
    created.push(plan);
    return { id: plan.id, token: plan.token };
  });
  return { results, created, movements, events: created.flatMap((plan) => plan.events) };
}

const noAccount = (): Account => ({ balance: 0n, held: 0n, activeTasks: 0 });

function refusalOf(check: () => void): RunfleetError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof RunfleetError) return error;
    throw error;
  }
}
