import type { TaskEvent } from '@runfleet/protocol';

/** A task's last seq and, if they are small, its new events. */
export type Notice = { taskId: string; seq: number; events: TaskEvent[] };

const NOTICE_CHARS_MAX = 4 * 1024;

/**
 * Pub/sub spans all databases of a server, and task ids repeat between them, so each has its own
 * channels.
 */
export function channelOf(database: string, taskId: string): string {
  return `${database}:task:${taskId}`;
}

/** The number of the Redis database that a URL names. */
export function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1) || '0';
}

/** `events` are of one task, in seq order. */
export function encodeNotice(events: readonly [TaskEvent, ...TaskEvent[]]): string {
  const { taskId } = events[0];
  const seq = events.at(-1)?.seq;
  // Avoids encoding a long text only to drop it.
  const isLong = events.some(({ payload }) => rawLength(payload) > NOTICE_CHARS_MAX);
  const full = isLong ? null : JSON.stringify({ taskId, seq, events: events.map(withTextTime) });
  return full !== null && full.length < NOTICE_CHARS_MAX ? full : JSON.stringify({ taskId, seq });
}

/** Null if `text` is not a notice. */
export function decodeNotice(text: string): Notice | null {
  try {
    const { taskId, seq, events = [] } = JSON.parse(text) as Encoded;
    if (typeof taskId !== 'string' || !Number.isSafeInteger(seq) || !Array.isArray(events)) {
      return null;
    }
    return { taskId, seq, events: events.map((event) => ({ ...event, at: BigInt(event.at) })) };
  } catch {
    // The slow poll finds what is new.
    return null;
  }
}

type Encoded = {
  taskId: string;
  seq: number;
  events?: (Omit<TaskEvent, 'at'> & { at: string } & TaskEvent)[];
};

/** JSON has no bigint; a replacer function would be called for every value of every event. */
function withTextTime(event: TaskEvent) {
  return { ...event, at: event.at.toString() };
}

function rawLength(payload: TaskEvent['payload']): number {
  return payload !== null && 'raw' in payload ? payload.raw.length : 0;
}
