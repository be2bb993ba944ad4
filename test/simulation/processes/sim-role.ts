import type { SimProcess } from '../kernel/sim-process.ts';
import { type Clients, openClients } from '../servers/sim-clients.ts';
import type { World } from '../world.ts';

/** A process that can be started again and again; each life begins with nothing in memory. */
export type SimRole = {
  readonly process: SimProcess;
  /** What this life holds open; null while it is down. */
  clients: Clients | null;
  start(): void;
  /** Asks it to end in good order, as SIGTERM does; resolves when it has. */
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
