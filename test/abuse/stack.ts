import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { migrateDb } from '@runfleet/db';
import { startBreakablePostgres, startBreakableRedis } from '@runfleet/local-servers';
import { Resources } from '@runfleet/service';

import { Fleet } from '../e2e/fleet.ts';
import type { RoleProcess } from '../e2e/role-process.ts';
import type { Outcome, Target } from './abuse.ts';
import { sideBySide } from './tally.ts';

const INFLICT = fileURLToPath(new URL('inflict.ts', import.meta.url));
const SETTINGS = {
  LOG_LEVEL: 'warn',
  // Limits distinguish abuser and neighbour by forwarded address, as behind a proxy.
  TRUSTED_PROXY_HOPS: '1',
  GATEWAY_REGISTER_SECONDS: '3',
  WORKER_SLOTS: '4',
  WORKER_LABELS: 'zone=a',
  WORKER_DRAIN_SECONDS: '1',
};

/** A real stack on its own servers: an api, a broker, a gateway and two workers with a small model. */
export class Stack implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly #target: Target;
  readonly #abuserId: string;
  readonly #resources: Resources;

  private constructor(parts: {
    fleet: Fleet;
    target: Target;
    abuserId: string;
    resources: Resources;
  }) {
    this.fleet = parts.fleet;
    this.#target = parts.target;
    this.#abuserId = parts.abuserId;
    this.#resources = parts.resources;
  }

  static async start(folder: string, options: { isShort: boolean }): Promise<Stack> {
    const resources = new Resources();
    try {
      const postgres = resources.use(await startBreakablePostgres(folder));
      const redis = resources.use(await startBreakableRedis(folder));
      await migrateDb(postgres.url);
      const fleet = resources.use(
        await Fleet.start({
          databaseUrl: postgres.url,
          redisUrl: redis.url,
          roles: { api: 1, broker: 1, gateway: 1, worker: 2 },
          engine: 'tiny',
          env: SETTINGS,
        }),
      );
      const abuser = await fleet.createKey();
      const target: Target = {
        apiUrl: fleet.apiUrl(),
        socketUrl: fleet.socketUrl(),
        redisUrl: redis.url,
        apiKey: abuser.apiKey,
        apiSecret: abuser.apiSecret,
        strangerEmail: `owner-${fleet.key.organisationId}@example.org`,
        ...options,
      };
      return new Stack({ fleet, target, abuserId: abuser.organisationId, resources });
    } catch (error) {
      await resources[Symbol.asyncDispose]();
      throw error;
    }
  }

  get roles(): RoleProcess[] {
    const { api, broker, gateway, worker } = this.fleet;
    return [...api, ...broker, ...gateway, ...worker];
  }

  /** Starts an abuse in its own process. `ended` resolves to null if it takes longer than `patienceMs`. */
  async inflict(name: string, patienceMs: number): Promise<{ ended: Promise<Outcome | null> }> {
    const child = fork(INFLICT, { execArgv: ['--import', 'tsx'] });
    const ended = new Promise<Outcome | null>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      child.on('message', (message) => {
        // The outcome is the only object that it sends.
        if (typeof message === 'object') resolve(message as Outcome);
      });
      child.once('exit', () => {
        clearTimeout(timer);
        resolve(null);
      });
    });
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    child.send({ name, target: this.#target });
    return { ended };
  }

  /** Kills the tasks that an abuse has left. */
  async killLeftovers(): Promise<void> {
    const { apiKey, apiSecret } = this.#target;
    const client = this.fleet.client({
      key: { apiKey, apiSecret, organisationId: this.#abuserId, projectId: '' },
    });
    const left = await this.fleet.db.sql<{ id: string }[]>`
      select id from tasks
      where organisation_id = ${this.#abuserId}
        and status not in ('task_cancel', 'task_postprocess_end')`;
    await sideBySide(left.length, 8, async (index) => {
      // A kill fails if the task has ended already.
      await client.kill({ taskId: left[index]?.id ?? '' }).catch(() => {});
    });
  }

  /** Ready workers and the sum of their generations; losing a worker changes one of them. */
  async countWorkers(): Promise<{ ready: number; generations: number }> {
    const [row] = await this.fleet.db.sql<{ ready: number; generations: number }[]>`
      select count(*) filter (where state = 'ready')::int as ready,
             coalesce(sum(generation), 0)::int as generations
      from workers`;
    return row ?? { ready: 0, generations: 0 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }
}
