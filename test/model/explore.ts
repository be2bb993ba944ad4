/** Visits every state that the model can reach, breadth-first, and checks each law at every step. */
import { isTerminal } from '@runfleet/protocol';
import { isRefusal, planCommands } from '@runfleet/tasks/memory';

import { type Action, actionsOf, DECISIONS, type Decisions } from './actions.ts';
import { checkStep } from './check-step.ts';
import {
  copyState,
  firstState,
  keyOf,
  type ModelState,
  NOW,
  PULSE,
  forgetAges,
} from './model-state.ts';

/** How often the task may be assigned, and how often each worker may connect. */
export type Bounds = { attempts: number; generations: number };

export type Explored = {
  states: number;
  steps: number;
  ended: number;
  /** The first broken law and the shortest path to it; null if no law can be broken. */
  broken: { detail: string; path: readonly string[] } | null;
};

export function explore(bounds: Bounds, decisions: Decisions = DECISIONS): Explored {
  const first = firstState();
  const known = new Set([keyOf(first)]);
  const edges: { from: number; name: string }[] = [{ from: -1, name: '' }];
  let frontier: { state: ModelState; at: number }[] = [{ state: first, at: 0 }];
  const explored: Explored = { states: 1, steps: 0, ended: 0, broken: null };
  while (frontier.length > 0) {
    const found: typeof frontier = [];
    for (const { state, at } of frontier) {
      for (const action of actionsOf(state, decisions, bounds)) {
        explored.steps += 1;
        const { states, wrong } = take(state, action);
        if (wrong !== null) {
          explored.broken = { detail: wrong, path: [...pathTo(edges, at), action.name] };
          return explored;
        }
        for (const next of states) {
          const key = keyOf(next);
          if (known.has(key)) continue;
          known.add(key);
          explored.states += 1;
          if (isTerminal(next.task.status)) explored.ended += 1;
          edges.push({ from: at, name: action.name });
          found.push({ state: next, at: edges.length - 1 });
        }
      }
    }
    frontier = found;
  }
  return explored;
}

function pathTo(edges: readonly { from: number; name: string }[], end: number): string[] {
  const names: string[] = [];
  for (let edge = edges[end]; edge && edge.from >= 0; edge = edges[edge.from]) {
    names.unshift(edge.name);
  }
  return names;
}

/** The states after an action: none if it is refused, two if its answer may be lost. */
function take(before: ModelState, action: Action): { states: ModelState[]; wrong: string | null } {
  if (action.do === 'task') return takeTask(before, action);
  if (action.do === 'time') {
    const state = copyState(before);
    action.change(state.task);
    forgetAges(state);
    return { states: [state], wrong: null };
  }
  const place = before.workers.findIndex(({ id }) => id === action.id);
  const worker = before.workers[place];
  const changed = worker && action.decide(worker, PULSE);
  if (!changed) return { states: [], wrong: null };
  const state = copyState(before);
  state.workers[place] = { ...changed };
  const wrong = checkStep({ before, state, action, planned: null });
  forgetAges(state);
  return { states: [state], wrong };
}

function takeTask(
  before: ModelState,
  action: Action & { do: 'task' },
): { states: ModelState[]; wrong: string | null } {
  const find = (wanted: string | null | undefined) =>
    before.workers.find(({ id }) => id === wanted);
  const decision = action.decide(before.task, {
    now: NOW,
    pulse: PULSE,
    worker: find(action.targetWorker),
    holder: find(before.task.workerId),
  });
  // A refusal changes nothing: the worker may try again later.
  if (isRefusal(decision)) return { states: [], wrong: null };
  const state = copyState(before);
  const { task, workers } = state;
  try {
    const planned = planCommands(
      [{ taskId: task.id, readsWorkers: true, decide: () => decision }],
      {
        tasks: new Map([[task.id, task]]),
        workers: new Map(workers.map((worker) => [worker.id, worker])),
        now: NOW,
        pulse: PULSE,
      },
    );
    const wrong = checkStep({ before, state, action, planned });
    forgetAges(state);
    if (action.targetWorker !== undefined) {
      state.attempts.push({ epoch: task.epoch, workerId: action.targetWorker, next: 0 });
    }
    const { attempt } = action;
    if (!attempt || !action.isStep) return { states: [state], wrong };
    // The answer may be lost, and then the worker repeats the step.
    const answered = copyState(state);
    for (const own of answered.attempts) if (own.epoch === attempt.epoch) own.next += 1;
    return { states: [state, answered], wrong };
  } catch (error) {
    return { states: [], wrong: (error as Error).message };
  }
}
