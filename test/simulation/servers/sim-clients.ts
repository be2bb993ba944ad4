import type { TaskQueue, TicketTransport } from '@runfleet/queue';
import type { TaskStore } from '@runfleet/tasks';
import { type Link, openMemoryTaskStore } from '@runfleet/tasks/memory';

import type { SimProcess } from '../kernel/sim-process.ts';
import { limitsWith, planWith, storeWith } from '../planted-bugs.ts';
import type { World } from '../world.ts';
import { Connection } from './connection.ts';
import { openSimTaskQueue } from './sim-task-queue.ts';
import { openSimTickets } from './sim-tickets.ts';

/** The connections of one life of a process to Postgres and Redis, and the clients that use them. */
export type Clients = {
  readonly postgres: Connection;
  readonly redis: Connection;
  /** Runs one transaction over the connection to Postgres. */
  readonly ask: Link;
  readonly store: TaskStore;
  readonly queue: TaskQueue;
  readonly tickets: TicketTransport;
};

export function openClients(world: World, process: SimProcess): Clients {
  const { profile, database, note } = world;
  const postgres = new Connection(world, process, world.postgres, profile.postgres);
  const redis = new Connection(world, process, world.redis, profile.redis);
  const ask: Link = (transaction) => postgres.call(transaction);
  const queue = openSimTaskQueue(world, process, redis);
  const plan = planWith(world.bug, world.random);
  const readLimits = limitsWith(world.bug);
  return {
    postgres,
    redis,
    ask,
    store: storeWith(
      world.bug,
      openMemoryTaskStore({
        database,
        link: ask,
        queue,
        plan,
        ...(readLimits && { readLimits }),
        ...(note && { note }),
      }),
    ),
    queue,
    tickets: openSimTickets(world, process, redis),
  };
}
