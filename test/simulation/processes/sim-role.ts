import type { SimProcess } from '../kernel/sim-process.ts';
import { type Clients, openClients } from '../servers/sim-clients.ts';
import type { World } from '../world.ts';

/** A process that can be restarted; each life begins with empty memory. */
export type SimRole = {
  readonly process: SimProcess;
  /** The connections of this life; null before the first start. */
  clients: Clients | null;
  start(): void;
  /** Ends it gracefully, as SIGTERM does; resolves when it has stopped. */
  stop(): Promise<void>;
};

export function simRole(
  world: World,
  process: SimProcess,
  live: (clients: Clients) => { stop?: () => Promise<void> },
): SimRole {
  let running: ReturnType<typeof live> | null = null;
  const role: SimRole = {
    process,
    clients: null,
    start() {
      process.start();
      role.clients = openClients(world, process);
      running = live(role.clients);
    },
    async stop() {
      await running?.stop?.();
    },
  };
  return role;
}
