import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { RunfleetClient } from '@runfleet/client';
import { type Db, migrateDb } from '@runfleet/db';
import {
  type BreakableServer,
  startBreakablePostgres,
  startBreakableRedis,
} from '@runfleet/local-servers';
import WebSocket from 'ws';

import { Fleet, type Key } from '../e2e/fleet.ts';
import type { Role } from '../e2e/role-process.ts';
import { MEMBER_NAMES, type MemberName, ROLE_COUNTS } from './faults.ts';
import { FleetMember } from './fleet-member.ts';

const ANSWER_MS = 5_000;
/** Balances of the tenants after the first; the last can pay for one task at a time. */
const MORE_TENANTS_USD = ['1000', '1000', '5'];
const ECHO = {
  ENGINE: 'echo',
  MODEL_DIR: '',
  ECHO_TOKEN_DELAY_MS: '10',
  WORKER_SLOTS: '8',
  WORKER_LABELS: 'engine=echo',
};
const TINY = { WORKER_SLOTS: '4', WORKER_LABELS: 'engine=tiny' };

/** Two or three processes of each role, with their own Postgres and Redis; any of them may be broken. */
export class ChaosFleet implements AsyncDisposable {
  readonly postgres: BreakableServer;
  readonly redis: BreakableServer;
  readonly tenants: readonly Key[];
  readonly db: Db;
  /** Roles that exited without a request to stop. */
  readonly unexpectedEnds: MemberName[] = [];
  /** Roles that took too long to stop. */
  readonly lateStops: MemberName[] = [];
  readonly #fleet: Fleet;
  readonly #logFolder: string;
  readonly #members = new Map<MemberName, FleetMember>();

  private constructor(parts: {
    postgres: BreakableServer;
    redis: BreakableServer;
    fleet: Fleet;
    tenants: readonly Key[];
    logFolder: string;
  }) {
    this.postgres = parts.postgres;
    this.redis = parts.redis;
    this.tenants = parts.tenants;
    this.db = parts.fleet.db;
    this.#fleet = parts.fleet;
    this.#logFolder = parts.logFolder;
  }

  /** `folder` holds the servers' files, `logFolder` the roles' logs. */
  static async start(folder: string, logFolder: string): Promise<ChaosFleet> {
    const [postgres, redis] = await Promise.all([
      startBreakablePostgres(folder),
      startBreakableRedis(folder),
    ]);
    await migrateDb(postgres.url);
    const fleet = await Fleet.start({
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      roles: { api: 0, broker: 0, gateway: 0, worker: 0 },
      engine: 'tiny',
      env: {
        LOG_LEVEL: 'info',
        WORKER_DRAIN_SECONDS: '1',
        // All callers share one address, and each socket follows one task.
        GATEWAY_OPENS_PER_MINUTE: '100000',
      },
    });
    const more = await Promise.all(MORE_TENANTS_USD.map((usd) => fleet.createKey(usd)));
    const tenants = [fleet.key, ...more];
    const chaos = new ChaosFleet({ postgres, redis, fleet, tenants, logFolder });
    try {
      await Promise.all(MEMBER_NAMES.map((name) => chaos.#add(name)));
    } catch (error) {
      await chaos[Symbol.asyncDispose]();
      throw error;
    }
    return chaos;
  }

  member(name: MemberName): FleetMember {
    const member = this.#members.get(name);
    if (!member) throw new Error(`There is no ${name}.`);
    return member;
  }

  /** Resolves when every role runs, including those that are being restarted. */
  async untilAllRun(): Promise<void> {
    await Promise.all([...this.#members.values()].map((member) => member.start()));
  }

  /** A client of the given api and gateway, both counted from 1. */
  client(options: {
    tenant: Key;
    api?: number;
    gateway?: number;
    fetch?: typeof fetch;
  }): RunfleetClient {
    const { tenant, api = 1, gateway = 1 } = options;
    const { apiKey, apiSecret } = tenant;
    return new RunfleetClient({
      apiUrl: `${this.member(`api ${api}`).front.url}/v1`,
      socketUrl: `${this.member(`gateway ${gateway}`).front.url.replace('http', 'ws')}/v1`,
      apiKey,
      apiSecret,
      answerTimeoutMs: ANSWER_MS,
      fetch: options.fetch,
      webSocket: WebSocket,
    });
  }

  /** The JSON lines that roles have logged so far, with their file. */
  async *logLines(): AsyncGenerator<{ file: string; line: Record<string, unknown> }> {
    for (const file of await readdir(this.#logFolder)) {
      const text = await readFile(join(this.#logFolder, file), 'utf8');
      for (const line of text.split('\n')) {
        if (!line.startsWith('{')) continue;
        try {
          yield { file, line: JSON.parse(line) as Record<string, unknown> };
        } catch {
          // Truncated by a SIGKILL.
        }
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const members = [...this.#members.values()];
    const ends = await Promise.allSettled(members.map((member) => member[Symbol.asyncDispose]()));
    await this.#fleet[Symbol.asyncDispose]();
    await Promise.all([this.redis[Symbol.asyncDispose](), this.postgres[Symbol.asyncDispose]()]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async #add(name: MemberName): Promise<void> {
    const [role, number] = name.split(' ') as [Role, string];
    // The last worker runs the tiny model, the others echo.
    const isTiny = Number(number) === ROLE_COUNTS.worker;
    const env =
      role === 'worker' ? { ...(isTiny ? TINY : ECHO), WORKER_NAME: name.replace(' ', '-') } : {};
    const member = await FleetMember.start({
      fleet: this.#fleet,
      name,
      role,
      env,
      databaseUrl: this.postgres.url,
      redisUrl: this.redis.url,
      logPath: join(this.#logFolder, `${name.replace(' ', '-')}.log`),
      onUnexpectedEnd: (ended) => this.unexpectedEnds.push(ended),
      onLateStop: (stopped) => this.lateStops.push(stopped),
    });
    this.#members.set(name, member);
  }
}
