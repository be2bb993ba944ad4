import { Redis } from 'ioredis';

import { isFailover } from './failures.ts';

/** Receives the errors of a connection. ioredis reconnects on its own. */
export type OnError = (error: Error) => void;

const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 1_000;
/** A connection without a reply for this long is replaced: its peer may be gone without a reset. */
const SILENCE_MS_MAX = 5_000;
/** How often a connection that may be idle for hours sends a ping. */
const PING_EVERY_MS = 5_000;

/**
 * Commands wait for Redis to come back. After a failover the command is sent again (2) elsewhere.
 */
const WAITING = {
  maxRetriesPerRequest: null,
  reconnectOnError: (error: Error) => (isFailover(error) ? 2 : false),
} as const;

/**
 * For commands that must not wait: while Redis is away they fail at once, and a stuck one fails
 * after 5 s. Only commands from before the first connection wait for it.
 */
export function connectFailFast(url: string, onError: OnError): Redis {
  const redis = connect(url, onError, {
    maxRetriesPerRequest: 1,
    commandTimeout: SILENCE_MS_MAX,
    // The command is not sent again, since there is no queue to keep it in.
    reconnectOnError: isFailover,
  });
  redis.once('ready', () => {
    redis.options.enableOfflineQueue = false;
  });
  return redis;
}

/** For subscriptions, which wait for Redis to come back and then hold again. */
export function connectSubscriber(url: string, onError: OnError): Redis {
  return keepAlive(connect(url, onError, WAITING), onError);
}

/** For reads that block for 5 s at most. They wait for Redis to come back. */
export function connectBlocking(url: string, onError: OnError): Redis {
  return connect(url, onError, { ...WAITING, socketTimeout: 2 * SILENCE_MS_MAX });
}

/**
 * For publishing and subscriptions that may be lost: commands fail at once while Redis is away.
 * Nothing is queued, sent again or subscribed again. The caller watches `ready` and `close`.
 */
export function connectBestEffort(url: string, name: string): Redis {
  const ignore = () => {
    // `close` follows.
  };
  const redis = connect(url, ignore, {
    connectionName: name,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    retryStrategy: (attempt: number) =>
      Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(attempt, 6)) *
      (0.5 + Math.random() / 2),
  });
  return keepAlive(redis, ignore);
}

function connect(url: string, onError: OnError, options: object): Redis {
  const redis = new Redis(url, {
    socketTimeout: SILENCE_MS_MAX,
    retryStrategy: (attempt) => Math.min(RECONNECT_MS_MIN * attempt, RECONNECT_MS_MAX),
    ...options,
  });
  redis.on('error', onError);
  return redis;
}

/** `socketTimeout` applies only while a reply is pending, so an idle connection needs a ping. */
function keepAlive(redis: Redis, onError: OnError): Redis {
  const timer = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(onError);
    // `end` is not emitted for a connection that is closed between two attempts to connect.
    if (redis.status === 'end') clearInterval(timer);
  }, PING_EVERY_MS);
  timer.unref();
  redis.once('end', () => clearInterval(timer));
  return redis;
}
