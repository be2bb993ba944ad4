import type { TaskFrame } from './wire/frames.ts';

export const SOCKET_VERSION = '1.0';

/** The text of a frame: its `raw`, of an answer or an error; null for a frame without text. */
export function rawOf({ message }: Pick<TaskFrame, 'message'>): string | null {
  return typeof message === 'object' && message !== null && 'raw' in message ? message.raw : null;
}

/** `3s` below a minute, `1m 5s` above. */
export function formatElapsed(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}
