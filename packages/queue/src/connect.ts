import { Redis } from 'ioredis';

/** The error sink of a connection. ioredis reconnects by itself; this only says that it has to. */
export type OnError = (error: Error) => void;

const RECONNECT_DELAY_MAX_MS = 1_000;
/** A connection that owes an answer for so long is replaced: its other end may be gone without a word. */
const SILENCE_MS_MAX = 5_000;

/**
 * For commands that must not wait: while Redis is away they fail at once, and a stuck one fails
 * after 5 s. Only those given before the first connection wait for it.
 */
export function connectFailFast(url: string, onError: OnError): Redis {
  const redis = connect(url, onError, {
    maxRetriesPerRequest: 1,
    commandTimeout: SILENCE_MS_MAX,
    socketTimeout: SILENCE_MS_MAX,
    // The command is not given again, since there is nowhere to keep it meanwhile.
    reconnectOnError: isElsewhere,
  });
  redis.once('ready', () => {
    redis.options.enableOfflineQueue = false;
  });
  return redis;
}

/**
 * For subscriptions, which wait for Redis to come back. Nothing may come for hours, so a sign of life
 * is asked for now and then.
 */
export function connectSubscriber(url: string, onError: OnError): Redis {
  const redis = connect(url, onError, {
    maxRetriesPerRequest: null,
    socketTimeout: SILENCE_MS_MAX,
  });
  const timer = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(onError);
  }, SILENCE_MS_MAX);
  // One that is closed between two tries to connect never says that it has ended.
  timer.unref();
  redis.once('end', () => clearInterval(timer));
  return redis;
}

/** For reads that block for 5 s at most. They wait for Redis to come back. */
export function connectBlocking(url: string, onError: OnError): Redis {
  return connect(url, onError, { maxRetriesPerRequest: null, socketTimeout: 2 * SILENCE_MS_MAX });
}

/** After a failover the old primary answers READONLY and a starting one LOADING. */
function isElsewhere(error: Error): boolean {
  return /^(READONLY|LOADING)/.test(error.message);
}

function connect(url: string, onError: OnError, options: object): Redis {
  const redis = new Redis(url, {
    retryStrategy: (attempt) => Math.min(50 * attempt, RECONNECT_DELAY_MAX_MS),
    reconnectOnError: (error) => (isElsewhere(error) ? 2 : false),
    ...options,
  });
  redis.on('error', onError);
  return redis;
}
