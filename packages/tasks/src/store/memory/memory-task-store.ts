import { LimitBook } from '@runfleet/billing';
import { RunfleetError, type TaskEvent } from '@runfleet/protocol';
import type { TaskQueue } from '@runfleet/queue';
import { carriesLabels, laneOf, poolOfLane, requirementsOfLane } from '@runfleet/scheduler';

import { isGone } from '../../fleet/decide-worker.ts';
import type { NewTask } from '../../life/new-task.ts';
import type { LanesSnapshot } from '../../life/parking.ts';
import { type QueueMove, tellQueue } from '../../life/queue-moves.ts';
import { groupCommit } from '../group-commit.ts';
import {
  type Committed,
  idempotencyName,
  type KnownRun,
  planCommands,
  planCreations,
  type ProjectPolicy,
  type TaskCommand,
} from '../plan-commit.ts';
import type { TaskStore } from '../task-store.ts';
import type { Link } from './link.ts';
import { conversationsOf } from './memory-conversations.ts';
import type { MemoryDatabase } from './memory-database.ts';
import { openMemoryFleetStore } from './memory-fleet-store.ts';
import type { Transaction } from './transaction.ts';

/** The task store over tables in memory: the same decisions, the same plans, the same sharing of commits. */
export function openMemoryTaskStore(options: {
  database: MemoryDatabase;
  link?: Link;
  announce?: (events: readonly TaskEvent[]) => void;
  queue?: Pick<TaskQueue, QueueMove['do']> | null;
  /** Told of each transaction, in the order in which they take place. */
  note?: (transaction: Transaction) => void;
  /** In place of the real planning, for tests that show that a wrong one is noticed. */
  plan?: typeof planCommands;
  /** In place of the limits as they are, for the same tests. */
  readLimits?: (database: MemoryDatabase) => LimitBook;
}): TaskStore {
  const { database, announce = () => {}, queue = null, plan = planCommands, note } = options;
  const { readLimits = currentLimits } = options;
  const link: Link = options.link ?? (async (transaction) => transaction());

  const tell = ({
    events,
    moves,
  }: {
    events: readonly TaskEvent[];
    moves: readonly QueueMove[];
  }) => {
    if (events.length > 0) announce(events);
    if (queue) tellQueue(queue, moves);
  };
  const changes = groupCommit(async (commands: readonly TaskCommand[]) => {
    const { results, ...news } = await link(() => {
      const committed = commitCommands(database, commands, plan);
      note?.({ do: 'commit', commands, answer: committed.results });
      return committed;
    });
    tell(news);
    return results;
  });
  const creations = groupCommit(async (tasks: readonly NewTask[]) => {
    const { results, ...news } = await link(() => {
      const created = commitCreations(database, tasks, readLimits);
      note?.({ do: 'create', tasks, answer: created.results });
      return created;
    });
    tell(news);
    return results;
  });
  return {
    ...openMemoryFleetStore({ database, link, note }),
    commit: (command) => changes.add(command),
    async create(task) {
      const created = await creations.add(task);
      if (created instanceof RunfleetError) throw created;
      return created;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([changes.drain(), creations.drain()]);
    },
  };
}

function commitCommands(
  database: MemoryDatabase,
  commands: readonly TaskCommand[],
  plan: typeof planCommands,
) {
  const tasks = new Map(
    commands.flatMap(({ taskId }) => {
      const state = database.copyTask(taskId);
      return state ? [[taskId, state] as const] : [];
    }),
  );
  const workers = new Map(
    commands.flatMap(({ taskId, workerId, readsWorkers }) => {
      if (!readsWorkers) return [];
      return [tasks.get(taskId)?.workerId, workerId].flatMap((id) => {
        const worker = database.workers.get(id ?? '');
        return worker ? [[worker.id, { ...worker }] as const] : [];
      });
    }),
  );
  const { n: pulse } = database.pulse;
  const planned = plan(commands, { tasks, workers, now: database.clock(), pulse });
  const { results, changes, effects, events, moves } = planned;
  if (changes.length > 0) {
    database.write({
      changed: changes,
      events,
      slots: effects.flatMap((effect) => effect.slots),
      movements: effects.flatMap((effect) => effect.movements),
    });
  }
  return { results: results as readonly Committed[], events, moves };
}

function currentLimits({ limits, latestCounts }: MemoryDatabase): LimitBook {
  return new LimitBook(limits, latestCounts);
}

function commitCreations(
  database: MemoryDatabase,
  tasks: readonly NewTask[],
  readLimits: typeof currentLimits,
) {
  const organisationIds = new Set(tasks.map((task) => task.organisationId));
  const accounts = new Map(
    [...organisationIds].flatMap((id) => {
      const account = database.accounts.get(id);
      return account ? [[id, { ...account }] as const] : [];
    }),
  );
  const ids = database.takeTaskIds(tasks.length);
  const planned = planCreations(tasks, {
    accounts,
    policies: policiesOf(database, tasks),
    usualSeconds: database.usualSeconds,
    known: knownRunsOf(database, tasks),
    conversations: conversationsOf(database, tasks),
    lanes: lanesOf(database),
    limits: readLimits(database),
    ids,
    now: database.clock(),
  });
  const { results, created, openedCounts, movements, events, moves } = planned;
  if (created.length > 0) {
    const rows = created.map(({ task, token, turn, state }) => ({
      task,
      token,
      turn,
      state,
      patch: null,
    }));
    database.write({ created: rows, events, openedCounts, movements });
  }
  return { results, events, moves };
}

function policiesOf(
  database: MemoryDatabase,
  tasks: readonly NewTask[],
): Map<string, ProjectPolicy> {
  return new Map(
    tasks.flatMap(({ projectId, organisationId }) => {
      const organisation = database.organisations.get(organisationId);
      return organisation ? [[projectId, organisation] as const] : [];
    }),
  );
}

function lanesOf(database: MemoryDatabase): LanesSnapshot {
  const onDuty = [...database.workers.values()].filter((worker) => !isGone(worker));
  const carries = (lane: string) =>
    onDuty.some(({ id }) => {
      const { pools = [], labels = [] } = database.descriptions.get(id) ?? {};
      return pools.includes(poolOfLane(lane)) && carriesLabels(labels, requirementsOfLane(lane));
    });
  const waiting = new Map<string, Set<string>>();
  for (const id of database.queuedIds) {
    const state = database.tasks.get(id)?.state;
    if (!state || state.requires.length === 0) continue;
    const known = waiting.get(state.organisationId) ?? new Set();
    waiting.set(state.organisationId, known.add(laneOf(state.pool, state.requires)));
  }
  // Asked as a set is, of each lane.
  const served = { has: carries } as ReadonlySet<string>;
  return { served, unknown: new Map(), waiting };
}

function knownRunsOf(database: MemoryDatabase, tasks: readonly NewTask[]): Map<string, KnownRun> {
  const names = tasks.flatMap(({ projectId, idempotency }) =>
    idempotency ? [idempotencyName(projectId, idempotency.key)] : [],
  );
  return new Map(
    names.flatMap((name) => {
      const known = database.knownRuns.get(name);
      return known ? [[name, known] as const] : [];
    }),
  );
}
