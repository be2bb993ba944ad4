import WebSocket from 'ws';

import type { Target } from './abuse.ts';
import { ABUSER } from './call.ts';

/** Follows a task of the abuser. Resolves to the type of its last frame, or `no end` after `timeoutMs`. */
export function followToEnd(target: Target, token: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(target.socketUrl, { headers: { 'x-forwarded-for': ABUSER } });
    const timer = setTimeout(() => end('no end'), timeoutMs);
    const end = (how: string) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(how);
    };
    socket.on('open', () => socket.send(JSON.stringify({ type: 'task_info', tasktoken: token })));
    socket.on('error', () => end('no socket'));
    socket.on('close', () => end('closed'));
    socket.on('message', (data: Buffer) => {
      const { type } = JSON.parse(data.toString()) as { type: string };
      if (type === 'task_postprocess_end' || type === 'task_cancel') end(type);
    });
  });
}
