import type { Downstream } from '@runfleet/protocol';

import type { Socket, SocketClass } from './socket-class.ts';

/** A reader that is this far behind gets a new connection, which resumes at its position. */
const FRAMES_WAITING_MAX = 4_096;

/** The frames of one task on one socket, until the socket closes. */
export async function* readConnection(options: {
  socketClass: SocketClass;
  url: string;
  request: Record<string, unknown>;
  signal: AbortSignal | undefined;
}): AsyncGenerator<Downstream> {
  const { signal } = options;
  let waiting: Downstream[] = [];
  let isClosed = false;
  let wake: (() => void) | null = null;
  const close = () => {
    isClosed = true;
    wake?.();
  };

  const socket: Socket = new options.socketClass(options.url);
  socket.onopen = () => socket.send(JSON.stringify(options.request));
  socket.onmessage = ({ data }: { data: unknown }) => {
    const frame = isClosed ? null : parseFrame(data);
    if (!frame) return;
    waiting.push(frame);
    if (waiting.length >= FRAMES_WAITING_MAX) close();
    wake?.();
  };
  // `close` always follows.
  socket.onerror = () => {};
  socket.onclose = close;
  signal?.addEventListener('abort', close);
  try {
    for (;;) {
      const frames = waiting;
      waiting = [];
      for (const frame of frames) {
        if (signal?.aborted) return;
        yield frame;
      }
      if (waiting.length > 0) continue;
      if (isClosed) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener('abort', close);
    socket.close(1000);
  }
}

function parseFrame(data: unknown): Downstream | null {
  try {
    return JSON.parse(String(data)) as Downstream;
  } catch {
    // Not from the server, which sends only JSON.
    return null;
  }
}
