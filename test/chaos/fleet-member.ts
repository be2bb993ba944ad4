import { setTimeout as delay } from 'node:timers/promises';

import type { Fleet } from '../e2e/fleet.ts';
import { LossyProxy } from '../e2e/lossy-proxy.ts';
import type { Role, RoleProcess } from '../e2e/role-process.ts';
import type { MemberName } from './faults.ts';

const STARTS_MAX = 20;
const RESTART_PAUSE_MS = 250;

/**
 * One role of the fleet as its supervisor keeps it: a process that may be killed and is started
 * again, behind links that can be broken. Clients reach all of its processes at the same address.
 */
export class FleetMember implements AsyncDisposable {
  readonly name: MemberName;
  readonly role: Role;
  readonly postgres: LossyProxy;
  readonly redis: LossyProxy;
  /** Where clients reach it. */
  readonly front: LossyProxy;
  readonly #startProcess: () => Promise<RoleProcess>;
  readonly #onUnexpectedEnd: (name: MemberName) => void;
  #process: RoleProcess | null = null;

  private constructor(
    options: FleetMemberOptions,
    links: { postgres: LossyProxy; redis: LossyProxy; front: LossyProxy },
  ) {
    const { fleet, name, role, env, logPath } = options;
    this.name = name;
    this.role = role;
    this.postgres = links.postgres;
    this.redis = links.redis;
    this.front = links.front;
    this.#onUnexpectedEnd = options.onUnexpectedEnd;
    const urls = {
      DATABASE_URL: through(links.postgres, options.databaseUrl),
      REDIS_URL: through(links.redis, options.redisUrl),
    };
    this.#startProcess = () => fleet.add(role, { ...env, ...urls }, { logPath });
  }

  static async start(options: FleetMemberOptions): Promise<FleetMember> {
    const member = new FleetMember(options, {
      postgres: await LossyProxy.start(options.databaseUrl),
      redis: await LossyProxy.start(options.redisUrl),
      // Nobody listens at the discard port: as before the first start, so between two.
      front: await LossyProxy.start('http://127.0.0.1:9'),
    });
    await member.start();
    return member;
  }

  /** Resolves when a process is ready. One that gives up at its start is started again. */
  async start(): Promise<void> {
    for (let starts = 1; ; starts += 1) {
      try {
        const started = await this.#startProcess();
        this.#process = started;
        this.front.target = started.url;
        void started.exited.then(() => {
          if (this.#process === started) this.#onUnexpectedEnd(this.name);
        });
        return;
      } catch (error) {
        if (starts === STARTS_MAX) throw error;
      }
      await delay(RESTART_PAUSE_MS);
    }
  }

  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = null;
    await killed?.kill();
  }

  async stop(): Promise<void> {
    const stopped = this.#process;
    this.#process = null;
    await stopped?.stop();
  }

  pause(): void {
    this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    for (const link of [this.postgres, this.redis, this.front]) link.restore();
    await this.stop();
    for (const link of [this.postgres, this.redis, this.front]) await link[Symbol.asyncDispose]();
  }
}

type FleetMemberOptions = {
  /** It starts the processes, with the settings that all roles have in common. */
  fleet: Fleet;
  name: MemberName;
  role: Role;
  /** Settings of its own. */
  env: Readonly<Record<string, string>>;
  databaseUrl: string;
  redisUrl: string;
  logPath: string;
  /** Its process ended and nobody here has ended it. */
  onUnexpectedEnd: (name: MemberName) => void;
};

function through(proxy: LossyProxy, url: string): string {
  const changed = new URL(url);
  changed.port = String(proxy.port);
  return changed.href;
}
