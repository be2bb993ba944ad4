import { Redis, type RedisOptions } from 'ioredis';

/** The error sink of a connection. ioredis reconnects by itself; this only says that it has to. */
export type OnError = (error: Error) => void;

const RECONNECT_DELAY_MAX_MS = 1_000;

/**
 * For commands that must not wait: while Redis is away they fail at once, and a stuck one fails
 * after `commandTimeout`. Only those given before the first connection wait for it.
 */
export function connectFailFast(url: string, onError: OnError): Redis {
  const redis = connect(url, onError, { maxRetriesPerRequest: 1, commandTimeout: 5_000 });
  redis.once('ready', () => {
    redis.options.enableOfflineQueue = false;
  });
  return redis;
}

/** For blocking reads and subscriptions, which wait for Redis to come back. */
export function connectPatient(url: string, onError: OnError, options: RedisOptions = {}): Redis {
  return connect(url, onError, { ...options, maxRetriesPerRequest: null });
}

function connect(url: string, onError: OnError, options: object): Redis {
  const redis = new Redis(url, {
    ...options,
    retryStrategy: (attempt) => Math.min(50 * attempt, RECONNECT_DELAY_MAX_MS),
    // After a failover the old primary answers READONLY and a starting one LOADING.
    reconnectOnError: (error) => (/^(READONLY|LOADING)/.test(error.message) ? 2 : false),
  });
  redis.on('error', onError);
  return redis;
}
