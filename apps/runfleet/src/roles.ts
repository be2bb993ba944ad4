import { apiConfig, startApi } from '@runfleet/api';
import { brokerConfig, startBroker } from '@runfleet/broker';
import { gatewayConfig, startGateway } from '@runfleet/gateway';
import { loadConfig, type Logger, Resources } from '@runfleet/service';
import { startWorker, workerConfig } from '@runfleet/worker';
import type { z } from 'zod';

type Environment = Readonly<Record<string, string | undefined>>;
export type RunningRole = AsyncDisposable & {
  url: string;
  /** Announces the stop and resolves when the role may stop. Disposing includes it. */
  giveNotice?(): Promise<void>;
};

/** Each entry reads the role's settings and returns its start. A new role is a line here. */
const ROLES = {
  api: role(apiConfig, startApi),
  broker: role(brokerConfig, startBroker),
  gateway: role(gatewayConfig, startGateway),
  worker: role(workerConfig, startWorker),
} as const satisfies Record<
  string,
  (env: Environment, logger: Logger, signal?: AbortSignal) => () => Promise<RunningRole>
>;

function role<Schema extends z.ZodObject>(
  schema: Schema,
  start: (
    config: z.infer<Schema>,
    options: { logger: Logger; signal?: AbortSignal },
  ) => Promise<RunningRole>,
) {
  return (env: Environment, logger: Logger, signal?: AbortSignal) => {
    const config = loadConfig(schema, env);
    return () => start(config, signal ? { logger, signal } : { logger });
  };
}

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as Role[];

/** The roles that create work stop first, the broker last. */
const STOP_ORDER: readonly Role[] = ['api', 'gateway', 'worker', 'broker'];

/**
 * Starts roles in parallel in this process. If one cannot start, the others are stopped again and its
 * error is thrown. `signal` ends the wait for a server that is unavailable.
 */
export async function startRoles(
  names: readonly Role[],
  env: Environment,
  { loggerOf, signal }: { loggerOf: (role: Role) => Logger; signal?: AbortSignal },
): Promise<AsyncDisposable & { urls: Partial<Record<Role, string>> }> {
  // All settings are read first, so that one start reports every mistake.
  const starts = names.map((name) => ({ name, start: ROLES[name](env, loggerOf(name), signal) }));
  const results = await Promise.allSettled(
    starts.map(async ({ name, start }) => ({ name, role: await start() })),
  );
  const started = results.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const running = Object.assign(new Resources(), {
    urls: Object.fromEntries(started.map(({ name, role }) => [name, role.url])),
  });
  for (const name of STOP_ORDER.toReversed()) {
    const role = started.find((entry) => entry.name === name)?.role;
    if (role) running.use(role);
  }
  // Give all notices in parallel, so that several roles take no longer than one.
  running.defer(async () => {
    await Promise.all(started.map(async ({ role }) => role.giveNotice?.()));
  });
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await running[Symbol.asyncDispose]();
    throw failed.reason;
  }
  return running;
}
