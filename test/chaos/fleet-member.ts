import { setTimeout as delay } from 'node:timers/promises';

import { LossyProxy } from '@runfleet/testing/lossy-proxy';

import type { Fleet } from '../e2e/fleet.ts';
import type { Role, RoleProcess } from '../e2e/role-process.ts';
import type { MemberName } from './faults.ts';

const STARTS_MAX = 20;
const RESTART_PAUSE_MS = 250;
/** Where nobody listens. The port of an ended process may be another role's by now. */
const NOWHERE = 'http://127.0.0.1:9';

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
  readonly #onLateStop: (name: MemberName) => void;
  #process: RoleProcess | null = null;
  #starting: Promise<void> | null = null;

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
    this.#onLateStop = options.onLateStop;
    const urls = {
      DATABASE_URL: links.postgres.through(options.databaseUrl),
      REDIS_URL: links.redis.through(options.redisUrl),
    };
    this.#startProcess = () => fleet.add(role, { ...env, ...urls }, { logPath });
  }

  static async start(options: FleetMemberOptions): Promise<FleetMember> {
    const member = new FleetMember(options, {
      postgres: await LossyProxy.start(options.databaseUrl),
      redis: await LossyProxy.start(options.redisUrl),
      front: await LossyProxy.start(NOWHERE),
    });
    await member.start();
    return member;
  }

  /** Starts its process, or waits until it is started. One that gives up at its start is started again. */
  async start(): Promise<void> {
    if (this.#process) return;
    this.#starting ??= this.#untilStarted().finally(() => {
      this.#starting = null;
    });
    await this.#starting;
  }

  async kill(): Promise<void> {
    await (await this.#release())?.kill();
  }

  /** One that does not stop in time is killed by then, which costs its tasks time and nothing else. */
  async stop(): Promise<void> {
    const released = await this.#release();
    await released?.stop().catch(() => this.#onLateStop(this.name));
  }

  async pause(): Promise<void> {
    await this.#starting;
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

  async #untilStarted(): Promise<void> {
    for (let starts = 1; ; starts += 1) {
      try {
        const started = await this.#startProcess();
        this.#process = started;
        this.front.target = started.url;
        void started.exited.then(() => this.#startAgain(started));
        return;
      } catch (error) {
        if (starts === STARTS_MAX) throw error;
      }
      await delay(RESTART_PAUSE_MS);
    }
  }

  /** The process, which is from now on nobody's whom its end would surprise. */
  async #release(): Promise<RoleProcess | null> {
    await this.#starting;
    const released = this.#process;
    this.#process = null;
    this.front.target = NOWHERE;
    return released;
  }

  #startAgain(ended: RoleProcess): void {
    if (this.#process !== ended) return;
    this.#process = null;
    this.front.target = NOWHERE;
    // A role that reports ready and then finds a server away may give up like one that never was ready.
    if (!ended.output.includes(`"msg":"${this.role} failed"`)) this.#onUnexpectedEnd(this.name);
    // Where that fails, whoever starts it next is told.
    this.start().catch(() => {});
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
  /** It was asked to stop and did not within half a minute. */
  onLateStop: (name: MemberName) => void;
};
