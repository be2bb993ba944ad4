/** Every state that the model can come to, one after the other, each law checked at every step. */
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
  /** What is wrong and the shortest way there; null where no law can be broken. */
  broken: { detail: string; way: readonly string[] } | null;
};

export function explore(bounds: Bounds, decisions: Decisions = DECISIONS): Explored {
  const first = firstState();
  const known = new Set([keyOf(first)]);
  const ways: { from: number; name: string }[] = [{ from: -1, name: '' }];
  let frontier: { state: ModelState; at: number }[] = [{ state: first, at: 0 }];
  const explored: Explored = { states: 1, steps: 0, ended: 0, broken: null };
  while (frontier.length > 0) {
    const found: typeof frontier = [];
    for (const { state, at } of frontier) {
      for (const action of actionsOf(state, decisions, bounds)) {
        explored.steps += 1;
        const { states, wrong } = take(state, action);
        if (wrong !== null) {
          explored.broken = { detail: wrong, way: [...wayTo(ways, at), action.name] };
          return explored;
        }
        for (const next of states) {
          const key = keyOf(next);
          if (known.has(key)) continue;
          known.add(key);
          explored.states += 1;
          if (isTerminal(next.task.status)) explored.ended += 1;
          ways.push({ from: at, name: action.name });
          found.push({ state: next, at: ways.length - 1 });
        }
      }
    }
    frontier = found;
  }
  return explored;
}

function wayTo(ways: readonly { from: number; name: string }[], end: number): string[] {
  const names: string[] = [];
  for (let way = ways[end]; way && way.from >= 0; way = ways[way.from]) names.unshift(way.name);
  return names;
}

/** What follows from an action: nothing where it is refused, and two states where its answer may be lost. */
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
    worker: find(action.wants),
    holder: find(before.task.workerId),
  });
  // What is refused changes nothing, so that its worker may as well say it again later.
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
    if (action.wants !== undefined) {
      state.attempts.push({ epoch: task.epoch, workerId: action.wants, next: 0 });
    }
    const { attempt } = action;
    if (!attempt || !action.isStep) return { states: [state], wrong };
    // Its answer may be lost: then the worker says the same again.
    const answered = copyState(state);
    for (const own of answered.attempts) if (own.epoch === attempt.epoch) own.next += 1;
    return { states: [state, answered], wrong };
  } catch (error) {
    return { states: [], wrong: (error as Error).message };
  }
}
