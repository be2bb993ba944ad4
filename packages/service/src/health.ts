import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { NotReadyError } from './not-ready-error.ts';

export type HealthResponse = {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
};

export type Health = {
  /** The response for /healthz, /readyz and /metrics; null for any other path. */
  respond(pathname: string): Promise<HealthResponse | null>;
  /** From now on /readyz answers 503, because this process is about to stop. */
  stop(): void;
};

type Check = () => Promise<void>;
type CheckState = 'ok' | 'failing' | 'timed out';
type Checked = { state: CheckState; next?: string };

const CHECK_TIMEOUT_MS = 2_000;

/**
 * Reports whether this process is alive (/healthz: it answers) and ready (/readyz: every check
 * passes). The responses name the checks and the operator's next step, but not the reason, because
 * a role may serve them on a public port. The reason is logged when a check's state changes.
 */
export function createHealth(options: {
  checks: Readonly<Record<string, Check>>;
  metrics: Metrics;
  logger?: Logger;
}): Health {
  const checks = Object.entries(options.checks).map(([name, check]) => ({
    name,
    run: boundCheck(name, check, options.logger),
  }));

  const readiness = async (): Promise<HealthResponse> => {
    const found = await Promise.all(
      checks.map(async ({ name, run }) => ({ name, ...(await run()) })),
    );
    const isReady = found.every(({ state }) => state === 'ok');
    const next = found.flatMap((checked) => checked.next ?? []);
    return json(isReady ? 200 : 503, {
      status: isReady ? 'ok' : 'unavailable',
      checks: Object.fromEntries(found.map(({ name, state }) => [name, state])),
      ...(next.length > 0 ? { next } : {}),
    });
  };

  let isStopping = false;
  return {
    stop: () => {
      isStopping = true;
    },
    async respond(pathname) {
      if (pathname === '/healthz') return json(200, { status: 'ok' });
      if (pathname === '/readyz') {
        return isStopping ? json(503, { status: 'stopping', checks: {} }) : readiness();
      }
      if (pathname !== '/metrics') return null;
      const { contentType } = options.metrics;
      return { status: 200, contentType, body: await options.metrics.text() };
    },
  };
}

/**
 * Runs `check` for at most 2 s. Concurrent callers share a run, and a hanging check is not started
 * again, so a flood of /readyz does not reach the database.
 */
function boundCheck(name: string, check: Check, logger?: Logger): () => Promise<Checked> {
  let running: Promise<Checked> | null = null;
  let last: CheckState = 'ok';

  const settle = (state: CheckState, err?: unknown): Checked => {
    if (state !== last) {
      if (state === 'ok') logger?.info({ check: name }, 'check passes again');
      else logger?.warn({ check: name, state, err }, 'check failed');
    }
    last = state;
    return err instanceof NotReadyError ? { state, next: err.next } : { state };
  };

  return async () => {
    running ??= Promise.resolve()
      .then(check)
      .then(
        () => settle('ok'),
        (err: unknown) => settle('failing', err),
      )
      .finally(() => {
        running = null;
      });
    const checked = await Promise.race([running, timeout()]);
    return checked === 'timed out' ? settle(checked) : checked;
  };
}

function timeout(): Promise<'timed out'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('timed out'), CHECK_TIMEOUT_MS).unref();
  });
}

function json(status: number, body: unknown): HealthResponse {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body)}\n` };
}
