import { apiConfig, startApi } from '@runfleet/api';
import { brokerConfig, startBroker } from '@runfleet/broker';
import { gatewayConfig, startGateway } from '@runfleet/gateway';
import { loadConfig, type Logger } from '@runfleet/service';
import { startWorker, workerConfig } from '@runfleet/worker';

type Environment = Readonly<Record<string, string | undefined>>;
export type RunningRole = AsyncDisposable & { url: string };

/** Each role: reads its settings, then starts. A new role is a line here. */
export const ROLES = {
  broker: (env: Environment, logger: Logger) =>
    startBroker(loadConfig(brokerConfig, env), { logger }),
  gateway: (env: Environment, logger: Logger) =>
    startGateway(loadConfig(gatewayConfig, env), { logger }),
  api: (env: Environment, logger: Logger) => startApi(loadConfig(apiConfig, env), { logger }),
  worker: (env: Environment, logger: Logger) =>
    startWorker(loadConfig(workerConfig, env), { logger }),
} as const satisfies Record<string, (env: Environment, logger: Logger) => Promise<RunningRole>>;

export type Role = keyof typeof ROLES;

export const ROLE_NAMES = Object.keys(ROLES) as Role[];

/**
 * Starts roles side by side in this process. Disposing stops them in reverse: first who asks for
 * work, last who does it. If one cannot start, those that did are stopped again.
 */
export async function startRoles(
  names: readonly Role[],
  env: Environment,
  loggerOf: (role: Role) => Logger,
): Promise<AsyncDisposable & { urls: Partial<Record<Role, string>> }> {
  const results = await Promise.allSettled(
    names.map(async (name) => ({ name, role: await ROLES[name](env, loggerOf(name)) })),
  );
  const started = results.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const stop = async () => {
    const order: Role[] = ['api', 'gateway', 'worker', 'broker'];
    for (const name of order) {
      await started.find((entry) => entry.name === name)?.role[Symbol.asyncDispose]();
    }
  };
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    urls: Object.fromEntries(started.map(({ name, role }) => [name, role.url])),
    [Symbol.asyncDispose]: stop,
  };
}
