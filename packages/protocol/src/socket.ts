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

/** Splits an answer on `<think>...</think>` into the wire's `thinking` and `answer` lists. */
export function splitThinking(raw: string): {
  thinking: string[];
  answer: string[];
  isThinking: boolean;
} {
  const thinking: string[] = [];
  const answer: string[] = [];
  let rest = raw;
  for (;;) {
    const open = rest.indexOf('<think>');
    if (open < 0) break;
    const before = rest.slice(0, open).trim();
    if (before !== '') answer.push(before);
    const close = rest.indexOf('</think>', open);
    if (close < 0) {
      thinking.push(rest.slice(open + '<think>'.length).trim());
      return { thinking, answer, isThinking: true };
    }
    thinking.push(rest.slice(open + '<think>'.length, close).trim());
    rest = rest.slice(close + '</think>'.length);
  }
  if (thinking.length === 0) answer.push(rest);
  else if (rest.trim() !== '') answer.push(rest.trim());
  return { thinking, answer, isThinking: false };
}
