/**
 * Thirty-two bugs, each of which a law must notice. A life with one replaces a verb, a decision or a
 * plan by a wrong one. If the bug is in a process instead of a commit, the model of that process
 * checks `world.bug`.
 */
import { LimitBook, type LimitCount, settle } from '@runfleet/billing';
import type { TaskStore } from '@runfleet/tasks';
import { type MemoryDatabase, planCommands } from '@runfleet/tasks/memory';

import type { Random } from './kernel/random.ts';
import { WRONG_PLANS } from './wrong-plans.ts';

const WRONG_PLAN_NAMES = Object.keys(WRONG_PLANS) as (keyof typeof WRONG_PLANS)[];

export const PLANTED_BUGS = [
  'epoch check skipped',
  'settled twice',
  'slot release lost',
  "worker's clock used for leases",
  'requeue without epoch+1',
  'generation marker ignored',
  'ticket completed before accept',
  'assigned task expired',
  'hold freed on requeue',
  'seq taken outside the transaction',
  'accept of an old epoch not fenced',
  'begin of an old epoch not fenced',
  'limits read from a cache',
  ...WRONG_PLAN_NAMES,
] as const;

export type PlantedBug = (typeof PLANTED_BUGS)[number];

type Plan = typeof planCommands;

/** Plans commits as a life with `bug` does. */
export function planWith(bug: PlantedBug | null, random: Random): Plan {
  if (bug === 'slot release lost') return losingReleases(random);
  if (bug === 'hold freed on requeue') return freeingHolds;
  if (bug === 'requeue without epoch+1') return keepingEpochs;
  const wrong = Object.entries(WRONG_PLANS).find(([name]) => name === bug);
  return wrong?.[1] ?? planCommands;
}

/** What one process sees of the limits in a life with `bug`; null if it sees them as they are. */
export function limitsWith(
  bug: PlantedBug | null,
): ((database: MemoryDatabase) => LimitBook) | null {
  if (bug !== 'limits read from a cache') return null;
  let seen = new Map<string, LimitCount>();
  return ({ limits, latestCounts }) => {
    const stale = [...latestCounts].map(([key, count]) => {
      const nothing = { ...count, settled: 0n, held: 0n, active: 0 };
      return [key, seen.get(count.name) ?? nothing] as const;
    });
    seen = new Map([...latestCounts.values()].map((count) => [count.name, count]));
    return new LimitBook(limits, new Map(stale));
  };
}

/** The store as one process uses it in a life with `bug`. */
export function storeWith(bug: PlantedBug | null, store: TaskStore): TaskStore {
  if (bug !== 'seq taken outside the transaction') return store;
  const lastSeen = new Map<string, number>();
  return {
    ...store,
    commit: async (command) => {
      const committed = await store.commit({
        ...command,
        decide: (state, snapshot) => {
          state.seq = lastSeen.get(state.id) ?? state.seq;
          return command.decide(state, snapshot);
        },
      });
      if (committed.task) lastSeen.set(committed.task.id, committed.task.seq);
      return committed;
    },
  };
}

const losingReleases =
  (random: Random): Plan =>
  (commands, snapshot) => {
    const plan = planCommands(commands, snapshot);
    for (const effect of plan.effects) {
      effect.slots = effect.slots.filter(({ delta }) => delta > 0 || random.chance(0.95));
    }
    return plan;
  };

const freeingHolds: Plan = (commands, snapshot) => {
  const plan = planCommands(commands, snapshot);
  for (const effect of plan.effects) {
    const requeue = effect.events.find(({ type }) => type === 'task_queue');
    const change = plan.changes.find(({ state }) => state.id === requeue?.taskId);
    if (change) effect.movements.push(settle(change.state, 0n));
  }
  return plan;
};

const keepingEpochs: Plan = (commands, snapshot) =>
  planCommands(
    commands.map((command) => ({
      ...command,
      decide: (state, known) => {
        const decision = command.decide(state, known);
        if ('refused' in decision) return decision;
        const isRequeue = decision.some(
          (step) => step.do === 'enter' && step.status === 'task_queue',
        );
        return isRequeue ? decision.filter((step) => step.do !== 'raise-epoch') : decision;
      },
    })),
    snapshot,
  );
