import { setTimeout as delay } from 'node:timers/promises';

import { LossyProxy } from '@runfleet/testing/lossy-proxy';

import type { Fleet } from '../e2e/fleet.ts';
import type { Role, RoleProcess } from '../e2e/role-process.ts';
import type { MemberName } from './faults.ts';

const STARTS_MAX = 20;
const RESTART_PAUSE_MS = 250;
/** A port without a listener. Another role may have taken the port of an ended process. */
const NOWHERE = 'http://127.0.0.1:9';

/**
 * One supervised role of the fleet: its process is restarted when it exits, and its links can be broken.
 * Clients reach all of its processes at one address.
 */
export class FleetMember implements AsyncDisposable {
  readonly name: MemberName;
  readonly role: Role;
  readonly postgres: LossyProxy;
  readonly redis: LossyProxy;
  /** The address for clients. */
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

  /** Starts the process, or waits for the start in progress. A process that fails to start is started again. */
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

  /** A process that does not stop in time is killed; that delays its tasks and loses none. */
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

  /** Takes the process out of supervision, so that its exit is not unexpected. */
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
    // A role may fail because a server is down, even after it has reported ready.
    if (!ended.output.includes(`"msg":"${this.role} failed"`)) this.#onUnexpectedEnd(this.name);
    // The next caller of `start` tries again and gets the error.
    this.start().catch(() => {});
  }
}

type FleetMemberOptions = {
  /** Starts the processes with the settings common to all roles. */
  fleet: Fleet;
  name: MemberName;
  role: Role;
  /** Settings of this member only. */
  env: Readonly<Record<string, string>>;
  databaseUrl: string;
  redisUrl: string;
  logPath: string;
  /** The process exited without a request to stop. */
  onUnexpectedEnd: (name: MemberName) => void;
  /** The process did not stop within half a minute. */
  onLateStop: (name: MemberName) => void;
};
